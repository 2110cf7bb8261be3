"""Record against statement: every disagreement is found, and nothing else."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trimtab.execution.reconcile import Difference, Mismatch, Statement, differences
from trimtab.model.accounts import Lot
from trimtab.model.instruments import CASH, Instrument

INSTRUMENTS = {
    "VTI": Instrument("VTI"),
    "FUND": Instrument("FUND", step=Decimal("0.001")),
    "GLD": Instrument("GLD"),
}
LOTS = (
    Lot("1", "ira", "VTI", 10),
    Lot("2", "ira", "VTI", 5),
    Lot("3", "ira", "FUND", 1500),
    Lot("4", "other", "VTI", 99),
)


def test_a_statement_that_agrees_has_no_differences() -> None:
    """Lots of an instrument count together, other accounts do not count, cash may be unsaid."""
    statement = Statement("ira", {"VTI": Decimal("15.000"), "FUND": Decimal("1.5")})

    found = differences(statement, lots=LOTS, cash={"ira": 5}, instruments=INSTRUMENTS)

    assert found == ()


def test_each_way_to_disagree_is_told_apart() -> None:
    """Missing here, missing there, another quantity and other cash each have their word."""
    statement = Statement("ira", {"VTI": Decimal(14), "NEW": Decimal("0.5")}, cash=-1)

    found = differences(statement, lots=LOTS, cash={"ira": 1234}, instruments=INSTRUMENTS)

    assert found == (
        Mismatch("ira", "FUND", Difference.NOT_IN_STATEMENT, Decimal("1.5"), Decimal(0)),
        Mismatch("ira", "NEW", Difference.NOT_IN_RECORD, Decimal(0), Decimal("0.5")),
        Mismatch("ira", "VTI", Difference.QUANTITY, Decimal(15), Decimal(14)),
        Mismatch("ira", CASH, Difference.CASH, Decimal("12.34"), Decimal("-0.01")),
    )
    assert [mismatch.missing for mismatch in found][:2] == [Decimal("-1.5"), Decimal("0.5")]


holdings = st.dictionaries(st.sampled_from(["VTI", "GLD"]), st.integers(1, 4))


@given(holdings, holdings)
def test_what_is_missing_makes_the_record_agree(
    recorded: dict[str, int], stated: dict[str, int]
) -> None:
    """Adding what is missing to the record gives the statement, instrument by instrument."""
    lots = [Lot(symbol, "a", symbol, units) for symbol, units in recorded.items()]
    statement = Statement("a", {symbol: Decimal(units) for symbol, units in stated.items()})

    found = differences(statement, lots=lots, cash={}, instruments=INSTRUMENTS)

    after = {symbol: Decimal(units) for symbol, units in recorded.items()}
    for mismatch in found:
        after[mismatch.instrument] = after.get(mismatch.instrument, Decimal(0)) + mismatch.missing
    assert {symbol: units for symbol, units in after.items() if units} == statement.positions
