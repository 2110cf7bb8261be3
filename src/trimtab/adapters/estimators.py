"""Estimators by name: `skfolio:MaximumDiversification` and others of that long tail.

Only skfolio's optimisations that need nothing but returns are known by name; whatever else has
`fit` and `weights_` is a target in Python. An extra: nothing of it is imported before it is named.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from enum import Enum
from inspect import Parameter, signature
from typing import Any

from trimtab.model.errors import RefusedError
from trimtab.model.frozen import dataclass

PREFIX = "skfolio:"

INSTALL = "pip install 'trimtab[skfolio]'"

LEFT_OUT = ("BenchmarkTracker", "ConvexOptimization", "Random")
"""A benchmark's returns are needed, or nothing is optimised."""


@dataclass(frozen=True, slots=True)
class NamedEstimator:
    """An estimator as a portfolio folder names it: made anew each time that it is fitted.

    Args:
        name: `skfolio:` and the name of one of its optimisations.
        parameters: What it is made with, as of `estimator_by`.
        where: File and line that name it, for messages; empty: an option does.
    """

    name: str
    parameters: Mapping[str, Any]
    where: str = field(default="", compare=False)

    def takes(self) -> Collection[str]:
        """The parameters that it knows.

        Raises:
            RefusedError: There is none of that name, or skfolio is not installed.
        """
        try:
            return signature(_kind(self.name)).parameters
        except RefusedError as error:
            raise self._placed(error) from None

    def made(self, more: Mapping[str, Any]) -> Any:
        """The estimator with its own parameters and these, not fitted.

        Raises:
            RefusedError: As of `estimator_by`.
        """
        try:
            return estimator_by(self.name, {**self.parameters, **more})
        except RefusedError as error:
            raise self._placed(error) from None

    def _placed(self, error: RefusedError) -> RefusedError:
        """The same error with the place of what is wrong."""
        return RefusedError(f"{self.where}: {error}") if self.where else error


def estimator_by(name: str, parameters: Mapping[str, Any]) -> Any:
    """The estimator of a name, not fitted.

    Args:
        name: `skfolio:` and the name of one of its optimisations.
        parameters: What it is made with; a word stands for one of a parameter's choices, as
            `cvar` for `RiskMeasure.CVAR`.

    Raises:
        RefusedError: There is none of that name, or no such parameter, or skfolio is not
            installed; it says what there is.
    """
    kind = _kind(name)
    takes = signature(kind).parameters
    made = {}
    for key, value in parameters.items():
        if key not in takes:
            raise RefusedError(f"{name} has no parameter {key!r}: one of {', '.join(takes)}")
        made[key] = _chosen(name, key, value, takes[key].default)
    return kind(**made)


def _kind(name: str) -> Any:
    """The class that a name means."""
    if not name.startswith(PREFIX):
        raise RefusedError(f"estimator {name!r}: write {PREFIX}NAME, as {PREFIX}MeanRisk")
    known = _known()
    kind = known.get(name.removeprefix(PREFIX))
    if kind is None:
        raise RefusedError(f"estimator {name!r}: one of {PREFIX}{', '.join(sorted(known))}")
    return kind


def _known() -> dict[str, Any]:
    """The optimisations that are made without arguments and fitted on returns alone."""
    try:
        from skfolio import optimization
    except ImportError:
        raise RefusedError(f"estimators of skfolio need it installed: {INSTALL}") from None
    found = {}
    for name in optimization.__all__:
        kind: Any = getattr(optimization, name, None) if not name.startswith("Base") else None
        if name in LEFT_OUT or not hasattr(kind, "fit"):
            continue
        if all(p.default is not Parameter.empty for p in signature(kind).parameters.values()):
            found[name] = kind
    return found


def _chosen(name: str, key: str, value: Any, usual: Any) -> Any:
    """A value of a parameter, by its word where it has choices."""
    if not isinstance(usual, Enum):
        return value
    choices = {_word(one.name): one for one in type(usual)}
    if not isinstance(value, str) or _word(value) not in choices:
        raise RefusedError(f"{name}, {key} {value!r}: one of {', '.join(choices)}")
    return choices[_word(value)]


def _word(name: str) -> str:
    return name.lower().replace("_", "-")


def settings_of(texts: Sequence[str]) -> dict[str, Any]:
    """Parameters as they are typed: `max_weights=0.3`, `risk_measure=cvar`.

    Values are written as in TOML: numbers, true, lists, `{SPY = 0.4}`; anything else is a word.

    >>> settings_of(["max_weights=0.3", "risk_measure=cvar", "min_weights={SPY = 0.1}"])
    {'max_weights': 0.3, 'risk_measure': 'cvar', 'min_weights': {'SPY': 0.1}}

    Raises:
        RefusedError: One has no name.
    """
    import tomllib

    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not (key.isidentifier() and equals and value):
            raise RefusedError(f"--set {text}: write NAME=VALUE, as max_weights=0.3")
        try:
            found[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[key] = value
    return found
