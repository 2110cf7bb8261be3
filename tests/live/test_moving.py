"""A target that moves, in a portfolio folder: shown, planned, applied, kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from tests.moving import moving_folder, replace_price
from trimtab.adapters.clock import StillClock
from trimtab.adapters.plan_files import load_plan
from trimtab.engine.decide import plan_hash
from trimtab.live.book import OpenBook, open_book
from trimtab.model.errors import RefusedError
from trimtab.reports.plan_json import plan_json

DAY = date(2012, 9, 28)
CLOCK = StillClock(datetime(2012, 9, 28, 21, tzinfo=UTC))


def book_of(path: Path) -> OpenBook:
    """The folder, opened after the close of its day."""
    return open_book(path, clock=CLOCK)


def test_a_plan_trades_to_what_was_found(tmp_path: Path) -> None:
    """The plan's sleeves are those of the finding, within their limits, and it says from what."""
    plan = book_of(moving_folder(tmp_path)).plan(DAY)

    found = plan.found
    rows = {row.sleeve: row.weight for row in plan.sleeves}
    assert found is not None
    assert found.on == DAY
    assert rows == {one.sleeve: one.weight for one in found.sleeves}
    assert sum(rows.values()) == 1
    assert rows["cash"] == Fraction(1, 20)
    assert rows["growth"] <= Fraction(2, 5)
    assert found.estimates.last == DAY
    assert max(row.after - row.weight for row in plan.sleeves) < Fraction(1, 100)


def test_the_hash_of_a_plan_covers_what_was_found(tmp_path: Path) -> None:
    """Another finding is another plan, and other inputs."""
    folder = moving_folder(tmp_path)
    plan = book_of(folder).plan(DAY).value
    assert plan.found is not None

    other = replace(plan, found=replace(plan.found, rule="another"))
    replace_price(folder / "prices.csv", "2012-03-15", "IBM", "190.00")

    assert plan_hash(other) != plan_hash(plan)
    assert book_of(folder).plan(DAY).value.inputs_hash != plan.inputs_hash


def test_a_plan_is_saved_read_and_applied(tmp_path: Path) -> None:
    """What was found is in the file of the plan, to the byte, and apply finds the same again."""
    book = book_of(moving_folder(tmp_path))
    plan = book.plan(DAY)
    path = plan.save()

    applied = book.apply(path)

    assert load_plan(path).plan == plan.value
    assert applied.status == "done"
    adopted = book.folded().adopted["household"]
    assert adopted == {one.sleeve: one.weight for one in plan.found.sleeves}


def test_a_plan_is_stale_where_another_target_would_be_found(tmp_path: Path) -> None:
    """Prices of the past that were corrected since make another target: apply refuses the old."""
    folder = moving_folder(tmp_path)
    path = book_of(folder).plan(DAY).save()

    replace_price(folder / "prices.csv", "2012-03-15", "IBM", "190.00")

    with pytest.raises(RefusedError):
        book_of(folder).apply(path)


def test_where_nothing_can_be_found_what_was_adopted_is_kept(tmp_path: Path) -> None:
    """A price that cannot be read keeps the target last adopted, and says so."""
    folder = moving_folder(tmp_path, when="monthly+band:5pp")
    book = book_of(folder)
    book.apply(book.plan(DAY))
    adopted = book.folded().adopted["household"]
    replace_price(folder / "prices.csv", "2012-03-15", "IBM", "20000")

    later = open_book(folder, clock=StillClock(datetime(2012, 10, 31, 21, tzinfo=UTC)))
    plan = later.plan(date(2012, 10, 31))

    assert {row.sleeve: row.weight for row in plan.sleeves} == adopted
    assert plan.found is not None
    assert "IBM goes from" in plan.found.kept
    assert "target-kept" in [finding.code for finding in plan.findings]


def test_without_anything_adopted_nothing_is_planned(tmp_path: Path) -> None:
    """No target is invented: the plan trades nothing, and its error says what to mend."""
    folder = moving_folder(tmp_path, optimize="[target.optimize]\nleast_sessions = 4000\n")

    plan = book_of(folder).plan(DAY)

    errors = [one for one in plan.findings if one.code == "target-not-found"]
    assert plan.trades == ()
    assert len(errors) == 1
    assert "least_sessions" in errors[0].message
    assert plan_json(plan.value)["found"]["kept"] == plan.found.kept
    assert "none could be found" in plan.explain()


def test_a_target_that_moves_sets_off_no_band(tmp_path: Path) -> None:
    """Bands measure against the target last adopted; the next finding alone is no reason."""
    folder = moving_folder(tmp_path, when="band:5pp")
    book = book_of(folder)
    book.apply(book.plan(DAY))

    later = open_book(folder, clock=StillClock(datetime(2012, 10, 31, 21, tzinfo=UTC)))
    plan = later.plan(date(2012, 10, 31))

    assert plan.found is not None
    assert plan.found.on == date(2012, 10, 31)
    assert "target-moved" in [finding.code for finding in plan.findings]
    assert not plan.due


def test_what_moved_most_is_told_with_what_was_expected_of_it(tmp_path: Path) -> None:
    """Where a share moved since the finding before: its estimates then and now, in the plan."""
    found = book_of(moving_folder(tmp_path)).plan(date(2012, 7, 31)).found

    assert found is not None
    most = max(found.sleeves, key=lambda one: abs(one.weight - (one.previous or 0)))
    assert f"what moved most is {most.sleeve}: " in found.why
    assert f"and {most.volatility:.1%} now" in found.why
