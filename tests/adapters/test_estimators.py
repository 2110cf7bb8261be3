"""Estimators by name: what is wrong with one is told where it stands."""

from __future__ import annotations

import pytest

from tests.adapters.example import TOML, Make
from trimtab.adapters import estimators
from trimtab.adapters.estimators import NamedEstimator
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.model.errors import RefusedError


def test_an_estimator_of_a_folder_is_refused_with_its_line(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File, line and table come before what the estimator's own package says."""
    lines = TOML.replace("percent = 54\n", "").replace("percent = 26\n", "")
    lines = lines.replace("percent  = 20\n", "")
    toml = f'{lines}[target.optimize]\nestimator = "skfolio:Nonsense"\n'
    moving = read_portfolio(make(toml)).moving
    assert moving is not None
    assert isinstance(moving.estimator, NamedEstimator)
    monkeypatch.setattr(estimators, "_known", dict)
    line = toml.splitlines().index('estimator = "skfolio:Nonsense"') + 1

    with pytest.raises(RefusedError, match=rf"^portfolio\.toml, line {line}, target\.optimize: "):
        moving.estimator.made({})
