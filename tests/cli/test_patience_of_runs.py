"""What a long run of several policies says of how far it got."""

from __future__ import annotations

from datetime import date

import pytest

from trimtab.cli.patience import policies_told


def test_a_run_says_which_policy_is_where_and_how_long_all_will_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After half of the first of two policies in 60 s, 180 s are left; words come seldom."""
    said: list[str] = []
    clock = iter([0.0, 60.0, 60.01])
    monkeypatch.setattr("trimtab.cli.screen.progress", said.append)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))

    told = policies_told(["monthly", "never"])
    told("monthly", date(2010, 1, 4), 0.5)
    told("monthly", date(2010, 1, 5), 0.6)

    assert said == ["monthly (1 of 2) is at 2010-01-04, about 3 min left"]
