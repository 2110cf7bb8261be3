"""Account mode from the household's present lots: as much worth, gain and age as they have now."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.console import Session, demo_folder
from trimtab.engine.mandate import Request
from trimtab.engine.value import valuation
from trimtab.live.book import open_book
from trimtab.live.history import account_paths, account_runs
from trimtab.model.accounts import Lot
from trimtab.model.numbers import StepPrice
from trimtab.model.policy import Policy
from trimtab.simulate.accounts.start import lots_moved_back

START, END = date(2012, 1, 3), date(2012, 4, 30)
STILL = Policy(None, "never", name="still")


def cents(price: int) -> StepPrice:
    """A step that is worth so many minor units."""
    return StepPrice(price, 1)


def test_a_lot_keeps_worth_gain_and_age() -> None:
    """Twelve at 50 are six at 100, with half the gain in them as before, and as old."""
    lots = [
        Lot("1", "a", "US", 12, date(2020, 3, 2), 30_000),
        Lot("2", "a", "US", 1, "inherited", 5_000),
        Lot("3", "ira", "US", 3),
    ]

    found = lots_moved_back(
        lots, {"a": 700, "ira": 0}, now={"US": cents(5_000)}, then={"US": cents(10_000)},
        shift=timedelta(days=365),
    )  # fmt: skip

    assert found.lots == (
        Lot("1", "a", "US", 6, date(2019, 3, 3), 30_000),
        Lot("3", "ira", "US", 1),
    )
    assert found.cash == {"a": 700 + 5_000, "ira": 5_000}
    assert found.findings == ()


def test_what_has_no_price_then_starts_as_cash() -> None:
    """Its worth is not lost, and it is named."""
    lots = [Lot("1", "a", "NEW", 4, date(2020, 3, 2), 100)]

    found = lots_moved_back(
        lots, {"a": 0}, now={"NEW": cents(250)}, then={}, shift=timedelta(days=1)
    )

    assert (found.lots, found.cash) == ((), {"a": 1_000})
    assert [(one.code, one.subject) for one in found.findings] == [("starts-as-cash", "NEW")]


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("XY"), st.integers(1, 10**6)), max_size=8
    ),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.fractions(Fraction(1, 10), 10),
)
def test_worth_is_conserved(
    rows: list[tuple[str, str, int]], now: int, then: int, scale: Fraction
) -> None:
    """What accounts are worth then is what they are worth now, scaled, to a minor unit a lot."""
    lots = [Lot(str(i), a, x, n, None, n * 7) for i, (a, x, n) in enumerate(rows)]
    today, before = {"X": cents(now), "Y": cents(3)}, {"X": cents(then), "Y": cents(5)}

    found = lots_moved_back(
        lots, {"a": 1_001, "b": 0}, now=today, then=before, shift=timedelta(0), scale=scale
    )

    worth = 1_001 + sum(today[lot.instrument].value(lot.quantity) for lot in lots)
    start = sum(before[lot.instrument].value(lot.quantity) for lot in found.lots)
    assert abs(start + sum(found.cash.values()) - worth * scale) <= len(lots) + 1
    for lot in found.lots:
        own = before[lot.instrument].value(lot.quantity)
        assert lot.basis is not None
        assert abs(Fraction(lot.basis, own) - Fraction(7, today[lot.instrument].value(1))) <= (
            Fraction(1, own)
        )


def test_accounts_start_with_their_lots(tmp_path: Path) -> None:
    """Nothing is bought at the start; each account is worth what it is, and its gains wait."""
    book = open_book(demo_folder(tmp_path))
    policies = [STILL, Policy(None, "monthly", name="often")]

    still, often = account_runs(book, policies, start=START, end=END, start_from="lots")

    day = book.as_of()
    state = book.state(day)
    value = valuation(state, book.mandate(), book.market(day), Request())
    now = sum(value.cash.values()) + sum(value.values.values())
    assert still.plans == ()
    assert still.value[0] == pytest.approx(now, abs=len(state.lots) + 1)
    assert {lot.instrument for lot in still.folded.lots.values()} <= {
        lot.instrument for lot in state.lots
    }
    shift = day - START
    ages = {(lot.id, lot.acquired - shift) for lot in state.lots if isinstance(lot.acquired, date)}
    begun = {
        (lot.id, lot.acquired)
        for lot in still.folded.lots.values()
        if isinstance(lot.acquired, date)
    }
    assert begun
    assert begun <= ages
    cash = account_runs(book, [policies[1]], start=START, end=END)[0]
    assert often.value[0] > cash.value[0]
    assert still.liquidation_tax > 0
    assert still.to_dict()["start_from"] == "lots"
    assert cash.to_dict()["start_from"] == "cash"


def test_another_sum_scales_everything(tmp_path: Path) -> None:
    """With `cash` all accounts together start with that sum, lots and gains in proportion."""
    book = open_book(demo_folder(tmp_path))

    (run,) = account_runs(
        book, [STILL], start=START, end=END, cash=Decimal(1_000_000), start_from="lots"
    )

    assert run.value[0] == pytest.approx(100_000_000, abs=50)


def test_shuffled_histories_start_from_lots_too(tmp_path: Path) -> None:
    """Two policies that never act leave the same, which is not what cash leaves."""
    book = open_book(demo_folder(tmp_path))
    pair = [STILL, Policy(None, "never", name="as still")]

    lots, cash = (
        account_paths(book, pair, start=START, end=END, paths=2, start_from=start)
        for start in ("lots", "cash")
    )  # type: ignore[var-annotated]

    assert lots.table[:, 0].tolist() == lots.table[:, 1].tolist()
    assert lots.table.tolist() != cash.table.tolist()


def test_the_command_line_starts_from_lots(tmp_path: Path) -> None:
    """`--start-from lots` says so in text and JSON; research mode refuses it."""
    session = Session(demo_folder(tmp_path))
    line = f"trimtab backtest --account-mode --start {START} --end {END} --policy never"

    found = json.loads(session.run(f"{line} --start-from lots --json"))
    text = " ".join(session.run(f"{line} --start-from lots").split())

    assert [one["start_from"] for one in found["policies"]] == ["lots", "lots"]
    assert found["policies"][1]["turnover_one_way"] == 0.0
    assert "starts with its present lots" in text
    refused = session.run("trimtab backtest --start-from lots")
    assert "--start-from goes with --account-mode" in refused
