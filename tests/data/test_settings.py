import pytest
from pydantic import ValidationError

from saddlepoint.data.settings import DataSettings


def test_one_number_makes_a_square():
    assert DataSettings(size=(32,)).size == (32, 32)
    assert DataSettings.model_validate({"size": 32}).size == (32, 32)
    assert DataSettings(size=(30, 45)).size == (30, 45)


@pytest.mark.parametrize("size", [(), (0, 3), (1, 2, 3), (-1,), 0, -3])
def test_an_impossible_size_is_refused(size):
    with pytest.raises(ValidationError, match="size is one number, or height and width"):
        DataSettings.model_validate({"size": size})


@pytest.mark.parametrize("size", [True, "large", 2.5])
def test_a_size_that_is_no_whole_number_is_refused(size):
    with pytest.raises(ValidationError):
        DataSettings.model_validate({"size": size})


def test_every_setting_has_a_line_of_help():
    assert all(field.description for field in DataSettings.model_fields.values())
