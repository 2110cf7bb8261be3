"""What a long run of several policies says of how far it got."""

from __future__ import annotations

from datetime import date

import pytest

from trimtab.cli.patience import counting, policies_told


def test_a_run_says_which_policy_is_where_and_how_long_all_will_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the pace since the first word, which compiles: 50 s for a tenth of all are 400 s more."""
    said: list[str] = []
    clock = iter([60.0, 110.0, 110.01])
    monkeypatch.setattr("trimtab.cli.screen.progress", said.append)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))

    told = policies_told(["monthly", "never"])
    told("monthly", date(2010, 1, 4), 0.2)
    told("monthly", date(2010, 1, 5), 0.4)
    told("monthly", date(2010, 1, 6), 0.5)

    assert said == [
        "monthly (1 of 2) is at 2010-01-04",
        "monthly (1 of 2) is at 2010-01-05, about 7 min left",
    ]


def test_how_long_it_takes_is_not_said_before_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first step of 30 s, which compiles, frightens nobody: two seconds on, the rest is told."""
    said: list[str] = []
    clock = iter([30.0, 30.5, 33.0])
    monkeypatch.setattr("trimtab.cli.screen.progress", said.append)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))

    told = counting(200, "histories")
    for done in (1, 10, 31):
        told(done)

    assert said == [
        "1 of 200 histories",
        "10 of 200 histories",
        "31 of 200 histories, about 17 s left",
    ]
