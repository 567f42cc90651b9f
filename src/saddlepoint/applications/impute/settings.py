"""The names of the methods, what each is for, and the aims that `auto` chooses by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args

from saddlepoint.errors import SettingError, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

Aim = Literal["prediction", "inference"]
AIMS: tuple[str, ...] = get_args(Aim)
AUTO = "auto"
PATH = "saddlepoint.applications.impute.methods"


@dataclass(frozen=True)
class MethodEntry:
    """A method of the registry.

    Attributes:
        path: the class, "package.module:Name".
        draws: whether it draws values from their conditional distribution, so that several completed tables differ as much as
            the missing values are uncertain.
        title: what it does, in a few words without parentheses, because messages put it into some.
        contest: whether `auto` tries it; the neural networks are slow and are tried if they are named.
    """

    path: str
    draws: bool
    title: str
    contest: bool = True


METHODS: dict[str, MethodEntry] = {
    "mean": MethodEntry(f"{PATH}.mean:Mean", False, "mean or most frequent category of the column"),
    "neighbours": MethodEntry(f"{PATH}.neighbours:Neighbours", False, "weighted mean of the nearest rows"),
    "iterative": MethodEntry(f"{PATH}.iterative:Iterative", False, "chained ridge regressions by scikit-learn"),
    "trees": MethodEntry(f"{PATH}.trees:Trees", False, "chained random forests"),
    "normal": MethodEntry(f"{PATH}.linear:Normal", True, "draws of chained Bayesian regressions"),
    "matching": MethodEntry(f"{PATH}.linear:Matching", True, "predictive mean matching"),
    "leaves": MethodEntry(f"{PATH}.leaves:Leaves", True, "draws from the leaves of chained forests"),
    "mixture": MethodEntry(f"{PATH}.mixture:Mixture", True, "draws of a Gaussian mixture, fitted by bootstrapped EM"),
    "vae": MethodEntry(f"{PATH}.vae:MaskedAutoencoder", True, "variational autoencoder MIWAE", contest=False),
    "gain": MethodEntry(f"{PATH}.gain:Gain", False, "adversarial network GAIN", contest=False),
}


def check_method(name: str, where: str, among: Iterable[str] = ()) -> None:
    """Check that a method exists.

    Args:
        name: of the method.
        where: begins the message.
        among: further names that are allowed, such as "auto".

    Raises:
        SettingError: there is no such method.
    """
    known = [*among, *METHODS]
    if name not in known:
        raise SettingError(
            f'{where}: there is no method "{name}".{suggestion(name, known)} The methods are {", ".join(known)}.'
        )


def make_method(name: str, chains: int = 1, options: Mapping[str, Any] | None = None) -> Any:
    """Make a method that is not yet fitted.

    Args:
        name: of the method.
        chains: number of independent fits that a drawing method keeps; draws take turns among them.
        options: further arguments of its class.

    Raises:
        SettingError: there is no such method, it has no such options, or one is no number above 0.
    """
    check_method(name, "impute")
    _check_options(options or {})
    entry = METHODS[name]
    module, _, attribute = entry.path.partition(":")
    made = getattr(import_module(module), attribute)
    arguments = {**(options or {}), **({"chains": chains} if entry.draws else {})}
    try:
        return made(**arguments)
    except TypeError as error:
        raise SettingError(f"impute: the method {name} does not take these options: {error}.") from None


def _check_options(options: Mapping[str, Any]) -> None:
    for option, value in options.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise SettingError(f"impute: the option {option} must be a number above 0, got {value!r}.")
