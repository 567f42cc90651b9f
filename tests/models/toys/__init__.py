"""Families that no user has: what the training loop, monitors, checkpoints and reports must do without networks, codes or
exactly two players."""

from __future__ import annotations

from saddlepoint.models.settings import Family

TOYS = {
    "gaussian": Family("tests.models.toys.gaussian", "Gaussian"),
    "autoregressive": Family("tests.models.toys.autoregressive", "Autoregressive"),
    "three-players": Family("tests.models.toys.three_players", "ThreePlayers"),
}
