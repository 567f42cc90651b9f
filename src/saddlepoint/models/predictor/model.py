"""Predictors: a game whose player predicts the frames that follow the given ones."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from saddlepoint.arguments import check_count
from saddlepoint.data.event import Event
from saddlepoint.errors import RunError, SettingError
from saddlepoint.models.arrays import Numbers, as_tensor, in_chunks
from saddlepoint.models.assembly import check_roles
from saddlepoint.models.base import Model
from saddlepoint.models.own_loss import ROLE, own_loss
from saddlepoint.models.predictor.settings import PredictorSettings
from saddlepoint.models.units import UNIT, scaling
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.frame_discriminator import FrameDiscriminator
from saddlepoint.networks.frame_predictor import FramePredictor
from saddlepoint.objectives.phase import Phase
from saddlepoint.objectives.prediction.game import NoNoise, prediction_game

CHUNK = 32  # videos at a time
REMEMBERED, MOST_BYTES = 256, 1 << 23  # beginnings from which `sample` goes on, and their bytes
MEASURED = 128  # held-out examples behind the series
DARKEST = 0.01  # share of the range that an untrained predictor predicts at least


class Predictor(Model):
    """A predictor "p" (B, C, T_in, H, W) -> (B, C, T_out, H, W), with an adversarial loss a discriminator "d" (B, C, T, H, W) -> (B, P).

    Samples are whole examples: beginnings of training examples, which `fit` remembers, and what is predicted to follow them.

    References:
        Deep multi-scale video prediction beyond mean square error (Michael Mathieu, Camille Couprie, Yann LeCun, 2016),
            https://arxiv.org/abs/1511.05440
    """

    family: ClassVar[str] = "predictor"
    averaged = ("p",)
    selection_metric = ("p/held_out_squared_error", -1)

    def __init__(self, settings: PredictorSettings, event: Event, modules: Mapping[str, Any] | None = None) -> None:
        """Build the players.

        Args:
            settings: of the predictor.
            event: a video.
            modules: the user's own networks by role, and as "loss" the user's own loss.

        Raises:
            SettingError: the examples are no videos, have too few frames, or a network does not fit.
        """
        modules = modules or {}
        check_roles(modules, (*(settings.active_roles or ("predictor",)), ROLE))
        if event.kind != "video":
            raise SettingError(
                f"model.family: predictor predicts frames of videos, and these data are {event.plural}; take moving-digits, or a folder "
                "of videos or frame sequences with --data.kind video."
            )
        channels, length, height, width = event.shape
        if length <= settings.frames_in:
            raise SettingError(
                f"model.frames_in: {settings.frames_in} frames are given, and an example has {length}; set data.length to more, for "
                f"example {2 * settings.frames_in}."
            )
        self.settings = settings
        self.frames_in, self.frames_out = settings.frames_in, length - settings.frames_in
        units = scaling(event, "unit" if event.bounded else "standard", UNIT if event.bounded else None, "a predictor")
        mean = event.mean[0] * units.scale[0] + units.offset[0]
        player = modules.get("predictor") or FramePredictor(
            (channels, height, width),
            self.frames_in,
            self.frames_out,
            **settings.predictor.model_dump(),
            bounded=event.bounded,
            start=min(max(mean, DARKEST), 1 - DARKEST) if event.bounded else mean,
        )
        players: dict[str, nn.Module] = {"p": player}
        if "adversarial" in settings.weights:
            shape = (channels, length, height, width)
            players = {
                "d": modules.get("discriminator") or FrameDiscriminator(shape, settings.discriminator.width)
            } | players
        roles = {"d": "discriminator", "p": "predictor"}
        super().__init__(event, units, players, {short: roles[short] for short in players})
        self._check_shape(player)
        self._beginnings: Tensor | None = None
        own = own_loss(settings.objective, modules)
        self._phases = prediction_game(self.frames_in, settings.weights) if own is None else (Phase("p", own),)

    def _check_shape(self, player: nn.Module) -> None:
        """Raise SettingError unless the predictor returns frames of the right shape."""
        weight = next(player.parameters(), torch.empty(0))
        channels, _, height, width = self.event.shape
        with evaluating(player):
            result = player(weight.new_zeros(1, channels, self.frames_in, height, width))
        wanted = (1, channels, self.frames_out, height, width)
        if tuple(result.shape) != wanted:
            raise SettingError(
                f"modules: the predictor returns {tuple(result.shape)} for one video, and {wanted} is needed: change its last layer."
            )

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The update of the discriminator if there is one, then that of the predictor."""
        return self._phases

    @property
    def output_range(self) -> tuple[float, float] | None:
        return UNIT if self.event.bounded else None

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> NoNoise:
        """Nothing is drawn: a prediction is a function of the given frames."""
        return NoNoise()

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        inputs = {"d": (x,), "p": (x[:, :, : self.frames_in],)}
        return {name: inputs[name] for name in self.players}

    def predict(self, given: Numbers, frames: int | None = None) -> Tensor:
        """Predict the frames that follow.

        Args:
            given: (N, C, T, H, W) in the data's units; the last `frames_in` are used.
            frames: number of frames; None for `frames_out`. More are predicted from the frames that were predicted before them.

        Returns:
            (N, C, frames, H, W) in the data's units and type.

        Raises:
            SettingError: the frames do not have the shape that the predictor takes, or are too few.
        """
        count = self.frames_out if frames is None else check_count("predict", "the number of frames", frames)
        known = as_tensor(given)
        channels, _, *sides = self.event.shape
        fits = known.ndim == 5 and known.shape[1] == channels and list(known.shape[3:]) == sides
        if not fits or known.shape[2] < self.frames_in:
            raise SettingError(
                f"predict: got frames of shape {tuple(known.shape)}; give (N, {channels}, T, {', '.join(map(str, sides))}) with T of at "
                f"least {self.frames_in}."
            )
        with evaluating(*self.players.values()):
            return in_chunks(lambda part: self._roll(part, count), known, CHUNK)

    def _roll(self, given: Tensor, count: int) -> Tensor:
        """The next `count` frames of given ones (B, C, T, H, W), in the data's units."""
        units = self.scaling.to_model(given.to(self.device)).to(self.dtype)
        predicted = units[:, :, :0]
        while predicted.shape[2] < count:
            known = torch.cat([units, predicted], 2)[:, :, -self.frames_in :]
            predicted = torch.cat([predicted, self.players["p"](known)], 2)
        return self.scaling.to_data(predicted[:, :, :count])

    def fit(self, x: Tensor, generator: torch.Generator) -> None:
        """Remember beginnings of examples, from which `sample` goes on.

        Args:
            x: (N, C, T, H, W) in the data's units.
            generator: of the choice.
        """
        numbers = x[:1, :, : self.frames_in].numel() * x.element_size()
        most = max(1, min(REMEMBERED, MOST_BYTES // numbers))
        chosen = torch.randperm(len(x), generator=generator, device=generator.device)[:most]
        self._beginnings = x[chosen.to(x.device), :, : self.frames_in].contiguous().to(self.device)

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Draw remembered beginnings, and predict what follows."""
        if self._beginnings is None:
            raise RunError(
                "sample: this predictor remembers no beginnings of videos yet: finish its training, or call "
                "model.fit(examples, generator)."
            )
        held = len(self._beginnings)
        device = torch.device("cpu") if generator is None else generator.device
        # All beginnings once before any of them is taken again.
        order = [torch.randperm(held, generator=generator, device=device) for _ in range(-(-n // held))]
        index = torch.cat([torch.empty(0, dtype=torch.long, device=device), *order])[:n]
        given = self._beginnings[index.to(self._beginnings.device)]
        return torch.cat([given, self.predict(given)], 2)

    def extra_state(self) -> dict[str, Tensor]:
        return {} if self._beginnings is None else {"beginnings": self._beginnings}

    def unread_state(self, names: Set[str]) -> Set[str]:
        return names - {"beginnings"}

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        kept = state.get("beginnings")
        channels, _, *sides = self.event.shape
        if kept is not None and list(kept.shape[1:]) != [channels, self.frames_in, *sides]:
            raise ValueError("its beginnings are of videos of another shape")
        self._beginnings = None if kept is None else kept.to(self.device)

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Measure predictions of held-out examples.

        Args:
            x: (N, *event) in the data's units.
            generator: not used.

        Returns:
            `p/held_out_squared_error` (n,), the mean squared error of a pixel in the model's units, and `p/held_out_sharpness` (), the mean
            steepness of predicted frames over that of the true ones.
        """
        errors, own, true = self._errors(x[:MEASURED])
        return {"p/held_out_squared_error": errors, "p/held_out_sharpness": own / true.clamp_min(1e-12)}

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `p/train_squared_error` (n,), measured like `p/held_out_squared_error`."""
        return {"p/train_squared_error": self._errors(x[:MEASURED])[0]}

    def _errors(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Squared errors (N,), and the mean steepness () of predicted and of true frames, in the model's units."""
        units = self.model_units(x)
        given, truth = units[:, :, : self.frames_in], units[:, :, self.frames_in :]
        with evaluating(*self.players.values()):
            frames = in_chunks(self.players["p"], given, CHUNK)
        errors = (frames - truth).square().flatten(1).mean(1)
        return errors, _steepness(frames), _steepness(truth)


def _steepness(frames: Tensor) -> Tensor:
    """The mean absolute difference of neighbouring pixels, ()."""
    return (frames.diff(dim=3).abs().mean() + frames.diff(dim=4).abs().mean()) / 2
