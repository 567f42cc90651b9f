"""The benchmark of next frames: its trials and its page."""

from __future__ import annotations


def outcome(error: float) -> object:
    from saddlepoint.applications.predict.settings import BASELINES, PREDICTOR, SCORES
    from tables.prediction_plan import Outcome

    row = dict.fromkeys((*SCORES, "pooled_psnr"), 0.5)
    black = row | {"squared_error": 170.0}
    return Outcome({PREDICTOR: row | {"squared_error": error}} | dict.fromkeys(BASELINES, black), 7, 3_600.0)


def test_trials_come_seed_by_seed_and_have_keys_of_their_own() -> None:
    from tables.prediction_plan import LOSSES, trials

    wanted = trials(["squared", "both"], 3, 10, quick=False)
    assert [(one.loss, one.seed) for one in wanted[:3]] == [("squared", 0), ("both", 0), ("squared", 1)]
    assert len({one.key for one in wanted}) == len(wanted) == 6
    assert len(trials(list(LOSSES), 3, 10, quick=True)) == len(LOSSES)


def test_the_page_says_whether_black_frames_are_beaten() -> None:
    import predict

    better, worse = (predict.body({"squared": [outcome(error)]}, 10) for error in (100.0, 180.0))
    assert "smallest mean squared error is 100.0" in better
    assert "all frames black" in better
    assert "ConvLSTM (published)" in better
    assert "black frames: met" in better
    assert "black frames: not met" in worse
