"""The table of GANs with conditions and encoders: empty cells where a column does not apply."""

from __future__ import annotations


def test_the_table_has_mean_and_range_where_a_column_applies() -> None:
    import gan_recipes

    outcome = gan_recipes.Outcome
    text = gan_recipes.body({"one": [outcome(1.0, 2.0), outcome(3.0, 2.0)], "other": [outcome(1.0, 2.0, accuracy=0.5)]})
    first, second = (line for line in text.splitlines() if line.startswith(("| one", "| other")))
    assert [cell.strip() for cell in first.split("|")[2:6]] == ["2", "2 (1 to 3)", "2 (2 to 2)", ""]
    assert [cell.strip() for cell in second.split("|")[2:6]] == ["1", "1 (1 to 1)", "2 (2 to 2)", "0.5 (0.5 to 0.5)"]
