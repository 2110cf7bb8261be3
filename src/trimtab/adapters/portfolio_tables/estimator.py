"""`estimator` and `set` of `[target.optimize]`: somebody else's estimator, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trimtab.adapters.estimators import PREFIX, NamedEstimator
from trimtab.adapters.toml_lines import Unusable
from trimtab.adapters.toml_table import Table, dotted
from trimtab.targets.moving.theirs import OURS

SET = "set"

OF_OBJECTIVES = (
    "objective", "risk_aversion", "wanted", "confidence", "kappa", "uncertainty", "resampled",
    "seed",
)  # fmt: skip
"""Keys that say of an objective what an estimator has parameters for."""


def estimator_in(table: Table) -> NamedEstimator | None:
    """The estimator that `[target.optimize]` names, with its problems noted where they are.

    Whether there is one of that name, and what it takes, is known where it is first asked.
    """
    name = table.text("estimator", f'"{PREFIX}MeanRisk"')
    terms = table.table(SET)
    if "estimator" not in table:
        if SET in table:
            wrong = "these are parameters of an estimator, and none is named"
            table.problem(SET, wrong, f'write estimator = "{PREFIX}MeanRisk", or remove it')
        terms.known.extend(terms.values)
        return None
    if (name is not None and not name.removeprefix(PREFIX).isidentifier()) or not (
        name is None or name.startswith(PREFIX)
    ):
        wrong = f"{name} is no estimator's name"
        table.problem("estimator", wrong, f'write estimator = "{PREFIX}MeanRisk"')
    for key in OF_OBJECTIVES:
        if key in table:
            wrong = "it says of an objective what an estimator has parameters for"
            remedy = "remove it, or remove estimator" if key == "objective" else "say it in set"
            table.problem(key, wrong, remedy)
    parameters = {}
    for key, value in terms.values.items():
        terms.known.append(key)
        if key in OURS:
            wrong = "what may be held stands in sleeves"
            terms.problem(key, wrong, "write min_percent and max_percent of sleeves")
        elif _has_unusable(value):
            terms.problem(key, "it has a number that is none to reckon with", "correct it")
        else:
            parameters[key] = _plain(value)
    if name is None:
        return None
    file, line = table.source.place((*table.path, "estimator"))
    where = f"{file}{f', line {line}' if line else ''}, {dotted(table.path)}"
    return NamedEstimator(name, parameters, where)


def _plain(value: Any) -> Any:
    """A value as an estimator takes it: numbers as Python has them."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _has_unusable(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_unusable, value.values()))
    if isinstance(value, list):
        return any(map(_has_unusable, value))
    return isinstance(value, Unusable)
