"""The public function `sp.watch`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.arguments import check_count, check_listener, check_mapping, check_path, shown
from saddlepoint.diagnosis.settings import CODES
from saddlepoint.errors import SettingError, suggestion
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.watching.live import LoggedFindings
from saddlepoint.experiment.watching.players import loss_name, short_names
from saddlepoint.experiment.watching.watch import Watch

if TYPE_CHECKING:
    from torch import Tensor, nn

FAILURE = "failure"  # in `stop_on`: any finding of this severity


def watch(
    run: str | Path | None = None,
    *,
    players: Mapping[str, nn.Module] | None = None,
    objective: str | None = None,
    data: Any = None,
    held_out: Any = None,
    sample: Callable[[int], Any] | None = None,
    encode: Callable[[Tensor], Any] | None = None,
    decode: Callable[[Tensor], Any] | None = None,
    steps: int | None = None,
    stop_on: Iterable[str] = ("NUM301",),
    settings: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    pictures: bool = True,
    listener: Listener | None = None,
) -> Watch:
    """Watch a training loop of your own: record it as a run, and find out while it trains whether it fails and why.

    Training is not changed: random numbers, modes, buffers and gradients are restored after each measurement. All arguments are
    optional; the verdict says which findings an argument that is missing would allow.

    Example:
        >>> with sp.watch("runs/mine", players={"discriminator": D, "generator": G}, objective="non-saturating",
        ...               data=images, sample=lambda n: G(torch.randn(n, 100)), steps=20_000) as watch:  # doctest: +SKIP
        ...     for x in loader:
        ...         ...  # your own code
        ...         watch.step(d_loss=d_loss, g_loss=g_loss)

    Args:
        run: the folder of the run; by default runs/watched-N.
        players: your networks by name: "discriminator" or "critic", and "generator"; "vae"; "autoencoder"; or others.
        objective: the adversarial loss ("non-saturating", "wasserstein", "hinge", "least-squares", ...), "vae" or "autoencoder".
        data: what you train on, in the units that your networks take: an array or tensor (N, ...), a pair of examples and labels, a
            torch Dataset or DataLoader, or an sp.Dataset.
        held_out: examples that you do not train on, such as a validation set, to find memorisation and overfitting.
        sample: number of samples -> (n, ...), in the units of the data.
        encode: (N, ...) -> codes, or a pair of mean and log-variance.
        decode: codes -> (N, ...), in the units of the data.
        steps: how many steps you train; None if it is not known.
        stop_on: codes of findings that set `watch.should_stop`; "failure" stands for all failures.
        settings: what is recorded how often, by dotted names of a recipe's settings: `{"training.tick": 10, "evaluation.every": 100}`.
        overwrite: whether an existing run may be replaced.
        pictures: whether the last pictures, the time-lapse and report.html are made at the end, as in `train`.
        listener: gets callbacks; by default, findings are logged by the logger "saddlepoint".

    Returns:
        A context manager; its `step` records a step.

    Raises:
        SettingError: an argument is invalid; nothing is written.
    """
    import torch

    from saddlepoint.experiment.watching.plan import Plan
    from saddlepoint.models.watched.functions import Functions

    if run is not None:
        check_path("watch", "run", run)
    check_listener("watch", listener)
    short = short_names(players)
    loss_name(objective)
    for name, function in (("sample", sample), ("encode", encode), ("decode", decode)):
        if function is not None and not callable(function):
            raise SettingError(f"watch: {name} is {shown(function)}; give a function.")
    if steps is not None:
        steps = check_count("watch", "steps", steps, 1)
    if settings is not None:
        check_mapping("watch", "settings", settings, '{"training.tick": 10}')
    arguments = {
        "players": players, "objective": objective, "data": data, "held_out": held_out, "sample": sample, "encode": encode,
        "decode": decode, "steps": steps,
    }  # fmt: skip
    distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
    plan = Plan(
        name="watched",
        run=run,
        players=dict(players or {}),
        short=short,
        objective=objective,
        data=data,
        held_out=held_out,
        steps=steps,
        functions=Functions.of(sample, encode, decode, dict(players or {})),
        settings=dict(settings or {}),
        stop_on=_codes(stop_on),
        overwrite=overwrite,
        pictures=pictures,
        given=frozenset(name for name, value in arguments.items() if value is not None),
        writes=not distributed or torch.distributed.get_rank() == 0,
    )
    return Watch(plan, listener or LoggedFindings())


def _codes(stop_on: Iterable[str]) -> frozenset[str]:
    """The codes that stop the loop, in capitals, and "failure"."""
    if not isinstance(stop_on, Iterable):
        raise SettingError(f'watch: stop_on is {shown(stop_on)}; give codes, such as ["NUM301"].')
    given = [stop_on] if isinstance(stop_on, str) else list(stop_on)
    codes = [code if code == FAILURE else str(code).upper() for code in given]
    for code in codes:
        if code != FAILURE and code not in CODES:
            raise SettingError(
                f'watch: stop_on: no finding has the code {code}.{suggestion(code, CODES)} "failure" stands for all.'
            )
    return frozenset(codes)
