"""Conditions and constraints on rows."""

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from saddlepoint.data.tabular.conditions import Conditions  # noqa: E402
from saddlepoint.data.tabular.constraints import Constraints  # noqa: E402
from saddlepoint.data.tabular.infer import infer_schema  # noqa: E402
from saddlepoint.data.tabular.reading import read_frame  # noqa: E402
from saddlepoint.errors import SettingError  # noqa: E402

N = 60
FRAME = read_frame(
    {
        "age": pd.array([None, *range(18, 77)], "Int64"),
        "sex": ["F", "M"] * 30,
        "size, cm": [150 + n / 2 for n in range(N)],
        "class": ["1st", "2nd", "3rd"] * 20,
        "ok": [True, False, False] * 20,
        "day": [f"2020-{1 + n % 12:02}-01" for n in range(N)],
        "name": [f"some words about {n}" for n in range(N)],
    }
)
SCHEMA = infer_schema(FRAME)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age>60", FRAME["age"] > 60),
        ("age > 60 , sex = F", (FRAME["age"] > 60) & (FRAME["sex"] == "F")),
        ("age>=30,age<31", FRAME["age"] == 30),
        ("age=20|30", FRAME["age"].isin([20, 30])),
        ("age=missing", FRAME["age"].isna()),
        ("age!=missing", FRAME["age"].notna()),
        ('"size, cm"<=151', FRAME["size, cm"] <= 151),
        ("class>1st", FRAME["class"] != "1st"),
        ("class=1st|2nd", FRAME["class"] != "3rd"),
        ("sex!=F", FRAME["sex"] == "M"),
        ("ok=true", FRAME["ok"]),
        ("day>=2020-06-01,day<2020-07-01", FRAME["day"] == "2020-06-01"),
        ('"size, cm">151.2,"size, cm"<151.6', FRAME["size, cm"] == 151.5),
        ('"size, cm"=150.5', FRAME["size, cm"] == 150.5),
    ],
)
def test_conditions_choose_rows(text: str, expected: object) -> None:
    held = Conditions.parse(text, SCHEMA).holds(FRAME)
    assert held.tolist() == pd.Series(expected).fillna(False).astype(bool).tolist()
    assert held.any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no condition"),
        ("age", "has no comparison"),
        ("agee>60", 'Did you mean "age"'),
        ("sex=Male", "Categories are F, M"),
        ("sex>F", "have no order"),
        ("age>old", "'old' is not a number"),
        ("age>90", "no row can meet.*18 to 76"),
        ("age>60,age<50", "no row can meet"),
        ("age>60,age<61", "no row can meet"),
        ("age=60.5", "no row can meet"),
        ('"size, cm"=150.123456', "no row can meet"),
        ('"size, cm">151.51,"size, cm"<151.59', "no row can meet"),
        ("sex=F,sex=M", "no row can meet"),
        ("sex=missing", "no row can meet"),
        ("day>2021-01-01", "no row can meet"),
        ("name=x", "kind text"),
    ],
)
def test_conditions_that_no_row_can_meet_are_refused(text: str, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        Conditions.parse(text, SCHEMA)


def drawn(n: int = 500) -> object:
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 50, (3, n))
    parts = np.round(rng.uniform(0, 10, (2, n)), 2)
    days = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, (2, n)).reshape(-1), unit="D"))
    text = days.dt.strftime("%Y-%m-%d")
    return read_frame(
        {
            "a": whole[0],
            "b": whole[1],
            "c": whole[2] * 2,
            "x": parts[0],
            "y": np.where(np.arange(n) % 9 == 0, np.nan, parts[1]),
            "first day": text[:n].tolist(),
            "last": text[n:].tolist(),
        }
    )


@pytest.mark.parametrize(
    ("texts", "share"),
    [
        (["a + b = c"], 1.0),
        (["a <= b"], 1.0),
        (["a < b"], 0.99),
        (["5 <= a <= 40"], 1.0),
        (["x + y <= 9.5", "x >= y"], 1.0),
        (["2 * a - b >= 3"], 0.99),
        (["`first day` <= last"], 1.0),
        (["last >= 2021-01-01"], 1.0),
        (["a + b = c", "a <= b", "c > 10"], 0.95),
    ],
)
def test_constraints_hold_in_every_row_that_is_kept(texts: list[str], share: float) -> None:
    frame = drawn()
    constraints = Constraints(texts, infer_schema(frame))
    before = constraints.holds(frame)
    assert not before.all()
    moved, met = constraints.enforce(frame)
    assert met.mean() >= share
    assert constraints.holds(moved[met].reset_index(drop=True)).all()
    pd.testing.assert_frame_equal(moved[before], frame[before])
    assert (moved.dtypes == frame.dtypes).all()
    assert (moved["y"].isna() == frame["y"].isna()).all()
    assert constraints.violations(moved[met]) == dict.fromkeys(texts, 0.0)


def test_rows_that_cannot_be_moved_are_not_kept() -> None:
    frame = read_frame({"a": [1, 5, 9] * 10, "b": [0, 3, 9] * 10, "c": [1, 4, 9] * 10})
    _, met = Constraints(["a + b = c", "a + b > 12"], infer_schema(frame)).enforce(frame)
    assert not met.any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a", "write a relation"),
        ("a <=", "write a relation"),
        ("aa <= b", "no column 'aa'|Did you mean"),
        ("1 <= 2", "no column in one"),
        ("a <= last", "of the kind constant"),
        ("a * b <= 3", "no sum of columns"),
        ("a b <= 3", "no sum of columns"),
        ("first day <= last", "no column 'first'"),
    ],
)
def test_wrong_constraints_are_refused(text: str, said: str) -> None:
    frame = drawn(30)
    if text == "a <= last":
        frame["last"] = "x"
    with pytest.raises(SettingError, match=said):
        Constraints([text], infer_schema(frame))
