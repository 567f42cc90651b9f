import pytest
from pydantic import ValidationError

from saddlepoint.data.settings import DataSettings


def test_one_number_makes_a_square():
    assert DataSettings(size=(32,)).size == (32, 32)
    assert DataSettings(size=(30, 45)).size == (30, 45)


@pytest.mark.parametrize("size", [(), (0, 3), (1, 2, 3), (-1,)])
def test_an_impossible_size_is_refused(size):
    with pytest.raises(ValidationError, match="size is one number, or height and width"):
        DataSettings(size=size)


def test_every_setting_has_a_line_of_help():
    assert all(field.description for field in DataSettings.model_fields.values())
