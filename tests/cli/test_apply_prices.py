"""What `apply` and its dry run say of old and of typed prices, and which are accepted after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.console import Session
from tests.live.folders import folder, opened

OLD = "the newest price is of 2024-03-28, 503 sessions before today (2026-04-01)"
FAR = "the price that was typed, 60, is far from 259.50 of 2024-03-27"


def planned(path: Path, options: str) -> tuple[Session, str]:
    """A paper household, and the file of a plan that was made with these options."""
    session = Session(folder(path))
    session.run(f"trimtab plan --now {options}")
    (plan,) = (path / "plans").glob("*.json")
    return session, f"plans/{plan.name}"


def on_one_line(printed: str) -> str:
    """What was printed, whatever the width of the terminal."""
    return " ".join(printed.split())


@pytest.mark.parametrize(("options", "is_told"), [("", True), ("--as-of 2024-03-28", False)])
def test_old_prices_are_told_in_a_dry_run_and_before_the_question(
    tmp_path: Path, options: str, is_told: bool
) -> None:
    """By the clock, unless the day was named; once in each."""
    session, plan = planned(tmp_path, options)

    dry = on_one_line(session.run(f"trimtab apply --dry-run {plan}"))
    asked = on_one_line(session.run(f"echo n | trimtab apply {plan}"))

    assert dry.count(OLD) == is_told
    before, _, _ = asked.partition("Nothing was done.")
    assert before.count(OLD) == is_told
    assert before != asked


def test_a_typed_price_far_from_the_last_is_told_in_a_dry_run_and_before_the_question(
    tmp_path: Path,
) -> None:
    """Whoever looks once more before it is sent sees what they are about to trade on."""
    session, plan = planned(tmp_path, "--price VTI=60")

    dry = on_one_line(session.run(f"trimtab apply --dry-run {plan}"))
    asked = on_one_line(session.run(f"echo n | trimtab apply {plan}"))

    assert FAR in dry
    assert asked.index(FAR) < asked.index("Nothing was done.")
    assert not opened(tmp_path).ledger_path.exists()


def test_what_was_carried_out_is_not_warned_of_again(tmp_path: Path) -> None:
    """Of a plan that is done there is nothing to look at twice."""
    session, plan = planned(tmp_path, "--price VTI=60")
    session.run(f"trimtab apply --yes {plan}")

    again = on_one_line(session.run(f"trimtab apply --dry-run {plan}"))

    assert FAR not in again
    assert OLD not in again


def test_the_typed_price_is_the_accepted_one_after_apply(tmp_path: Path) -> None:
    """The record has it with the plan's day; prices of the file beside it."""
    session, plan = planned(tmp_path, "--price VTI=60")

    session.run(f"trimtab apply --yes {plan}")

    accepted = opened(tmp_path).folded().accepted
    assert {name: (str(one.price), str(one.on)) for name, one in accepted.items()} == {
        "VTI": ("60", "2024-03-28"),
        "BND": ("72.50", "2024-03-28"),
    }
