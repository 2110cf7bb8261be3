"""From mandates to the columns that the compiled decision reads: targets in parts, costs, tax.

What an order costs, the least trade and what an account may buy are not worked out here: the
engine writes its trade problem down once a model, with one step of everything held, and its
holdings are copied into the columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from trimtab.engine.aim import Aim, aims
from trimtab.engine.destination import Goals
from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.problem import Holding, by_name, problem
from trimtab.engine.value import Valuation, valuation
from trimtab.kernels import account_columns as kernel
from trimtab.kernels.destination import TO_CODES
from trimtab.model.accounts import Account, Lot, Relief
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.household import Household
from trimtab.model.market import Market
from trimtab.model.numbers import StepPrice
from trimtab.model.policy import To, When
from trimtab.model.sleeves import Sleeve
from trimtab.model.state import State
from trimtab.taxes.holding import long_term_from
from trimtab.triggers.deviation import band_width

MOST_PARTS = 1 << 30
MOST_RATE_PARTS = 1_000_000
MOST_NUMERATOR = 1 << 50
MOST_DENOMINATOR = 1 << 40

RELIEF_CODES = {
    Relief.FIFO: kernel.FIFO,
    Relief.LIFO: kernel.LIFO,
    Relief.HIFO: kernel.HIFO,
    Relief.LOWEST_TAX: kernel.LOWEST_TAX,
}


@dataclass(frozen=True, slots=True)
class Tables:
    """Columns for the compiled decision.

    Args:
        instruments: Ids in ascending order; columns name instruments by their place here.
        models: One row a model, in their order.
        prices: By instrument; what has no price that can be believed has none here.
        frozen: Instruments without one, each with what is wrong with it.
        long_through: Ordinal of the last day of purchase that is long-term today.
    """

    instruments: tuple[str, ...]
    models: kernel.Models
    prices: kernel.Prices
    frozen: Mapping[str, Finding]
    long_through: int

    @property
    def most_leaves(self) -> int:
        """The most leaves of a model."""
        return int(np.diff(self.models.of[kernel.FIRST_LEAF]).max(initial=0))

    @property
    def most_holdings(self) -> int:
        """The most holdings of a model."""
        return int(np.diff(self.models.of[kernel.FIRST_HOLDING]).max(initial=0))


@dataclass(frozen=True, slots=True)
class Priced:
    """The prices of a day for all instruments of a book and its models.

    Args:
        instruments: Ids in ascending order.
        index: The place of each.
        prices: What the compiled decision takes: nothing of what is frozen.
        frozen: What has no good price, each with what is wrong with it.
        market: The snapshot.
        counted: Minor units that a step counts for, frozen or not; NaN where nothing is known.
        is_frozen: By instrument.
    """

    instruments: tuple[str, ...]
    index: Mapping[str, int]
    prices: kernel.Prices
    frozen: Mapping[str, Finding]
    market: Market
    counted: NDArray[np.float64]
    is_frozen: NDArray[np.bool_]


def tables(mandates: Sequence[Mandate], market: Market) -> Tables:
    """The columns of mandates of one account each.

    Args:
        mandates: Each with a household of one account.
        market: The snapshot decided for.
    """
    known = {id_: x for mandate in mandates for id_, x in mandate.household.instruments.items()}
    priced = price_columns(replace(mandates[0].household, instruments=known), market)
    return joined([row_of(mandate, market) for mandate in mandates], priced)


def price_columns(household: Household, market: Market) -> Priced:
    """What one step of each of a household's instruments is worth, where that can be believed."""
    instruments = tuple(sorted(household.instruments))
    index = {id_: i for i, id_ in enumerate(instruments)}
    value = _valued(household, market)
    # That nothing is planned names instruments too: why is what is wrong with each of them.
    frozen = {
        finding.subject: finding
        for finding in value.findings
        if finding.subject in value.frozen and finding.code != "prices-refused"
    }
    numerator = np.zeros(len(instruments), dtype=np.int64)
    denominator = np.ones(len(instruments), dtype=np.int64)
    counted = np.full(len(instruments), np.nan)
    for id_, price in value.step_prices.items():
        place = index[id_]
        counted[place] = price.numerator / price.denominator
        if id_ in value.frozen or _is_too_fine(price):
            continue
        numerator[place], denominator[place] = price.numerator, price.denominator
    columns = kernel.Prices(numerator, denominator, numerator / denominator)
    is_frozen = np.array([id_ in value.frozen for id_ in instruments], dtype=np.bool_)
    return Priced(instruments, index, columns, frozen, market, counted, is_frozen)


def _is_too_fine(price: StepPrice) -> bool:
    """Whether a price has more digits than the compiled decision can count with."""
    return price.numerator >= MOST_NUMERATOR or price.denominator >= MOST_DENOMINATOR


def joined(rows: Sequence[ModelRow], priced: Priced) -> Tables:
    """The columns of models that were worked out one by one."""
    return Tables(
        priced.instruments,
        _models(rows, priced.index),
        priced.prices,
        priced.frozen,
        long_through(priced.market.as_of),
    )


def long_through(as_of: date) -> int:
    """Ordinal of the last day of purchase whose sale on `as_of` is long-term."""
    day = as_of - timedelta(days=360)
    while long_term_from(day) > as_of:
        day -= timedelta(days=1)
    return day.toordinal()


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model in the engine's words."""

    mandate: Mandate
    account: Account
    aim: Aim
    value: Valuation
    holdings: tuple[Holding, ...]
    parts: int
    answer: int

    def in_parts(self, share: Fraction | None) -> int:
        """A share as integer parts; -1 for none."""
        if share is None:
            return -1
        scaled = share * self.parts
        assert scaled.denominator == 1
        # Where parts are too many to be counted on, the model's answer says so.
        return min(int(scaled), MOST_PARTS)


def row_of(mandate: Mandate, market: Market) -> ModelRow:
    """Work one model out: a mandate whose household has one account."""
    (account,) = mandate.household.accounts.values()
    root = account.target or mandate.target
    assert root is not None
    # What the target names is all that can be traded.
    named = {id_ for leaf in root.leaves() for id_ in leaf.hold}
    known = {id_: x for id_, x in mandate.household.instruments.items() if id_ in named}
    mandate = replace(mandate, household=replace(mandate.household, instruments=known))
    state = _one_of_each(mandate.household)
    value = valuation(state, mandate, market, Request())
    (aim,) = aims(mandate, value, Request())
    nowhere = Goals({leaf.name: Fraction(0) for leaf in aim.root.leaves()}, Fraction(0))
    written = problem(
        aim, nowhere, mandate=mandate, value=value, state=state, request=Request(),
        as_of=market.as_of,
    )  # fmt: skip
    # As the walk takes them: equal answers go by name.
    written, _, _ = by_name(written)
    shares = [sleeve.weight for sleeve in aim.root.walk()]
    widths = [band_width(weight, mandate.when) for weight in shares]
    wanted = [*shares, *widths, mandate.when.drift, mandate.to.width]
    parts = lcm(*(share.denominator for share in wanted if share is not None))
    return ModelRow(
        mandate, account, aim, value, written.holdings, parts,
        _answer(mandate, account, aim, value, written.holdings, parts),
    )  # fmt: skip


def _one_of_each(household: Household) -> State:
    """One step of everything, so that the engine writes down all that there can be."""
    (account,) = household.accounts.values()
    lots = tuple(Lot(id_, account.id, id_, 1, None, 0) for id_ in household.instruments)
    return State(lots, {account.id: 0})


def _valued(household: Household, market: Market) -> Valuation:
    """The prices of all instruments as the engine believes them."""
    (account, *_) = household.accounts.values()
    alone = replace(household, accounts={account.id: account})
    bare = Mandate(alone, None, When(never=True), To("target"))
    return valuation(_one_of_each(alone), bare, market, Request())


def _answer(
    mandate: Mandate,
    account: Account,
    aim: Aim,
    value: Valuation,
    holdings: Sequence[Holding],
    parts: int,
) -> int:
    """DONE where the compiled decision can be asked, else why not."""
    bought = {holding.leaf for holding in holdings if holding.buyable}
    leaves = _leaves(aim)
    for place, leaf in enumerate(leaves):
        lacks = place not in bought and any(id_ in value.frozen for id_ in leaf.hold)
        if lacks and leaf.weight > 0:
            return kernel.NO_PRICE
    if any(_is_too_fine(value.step_prices[holding.instrument]) for holding in holdings):
        return kernel.WIDE
    if mandate.when.needs_prices:
        return kernel.SOLVER
    if mandate.fewest_trades or account.keep or account.relief is Relief.SPECIFIC:
        return kernel.SOLVER
    tax = mandate.household.tax
    if parts > MOST_PARTS or _rate_parts(tax.long_rate, tax.short_rate) > MOST_RATE_PARTS:
        return kernel.WIDE
    if any(holding.least >= 1 << 50 for holding in holdings):
        return kernel.WIDE
    return kernel.DONE


def _leaves(aim: Aim) -> list[Sleeve]:
    """The leaves that are not cash, by name."""
    leaves = (leaf for leaf in aim.root.leaves() if leaf.name != aim.cash_leaf)
    return sorted(leaves, key=lambda leaf: leaf.name)


def _rate_parts(*rates: object) -> int:
    return lcm(*(Fraction(str(rate)).denominator for rate in rates))


def _models(rows: Sequence[ModelRow], index: Mapping[str, int]) -> kernel.Models:
    """The rows side by side."""
    of: list[list[int]] = []
    leaves: list[tuple[int, int]] = []
    branches: list[tuple[int, int, int, int]] = []
    member: list[int] = []
    holdings: list[tuple[int, ...]] = []
    fee: list[float] = []
    drift_price: list[float] = []
    for row in rows:
        of.append(_policy(row, first=(len(leaves), len(branches), len(holdings))))
        drift_price.append(row.mandate.price_of_drift)
        when = row.mandate.when
        own = _leaves(row.aim)
        leaves += [
            (row.in_parts(leaf.weight), row.in_parts(band_width(leaf.weight, when))) for leaf in own
        ]
        for sleeve in row.aim.root.walk():
            width = band_width(sleeve.weight, when)
            if sleeve is row.aim.root or sleeve.is_leaf or width is None:
                continue
            names = {leaf.name for leaf in sleeve.leaves()}
            has_cash = int(row.aim.cash_leaf in names)
            branches.append(
                (row.in_parts(sleeve.weight), row.in_parts(width), has_cash, len(member))
            )
            member += [i for i, leaf in enumerate(own) if leaf.name in names]
        for holding in row.holdings:
            holdings.append(_holding(holding, index))
            fee.append(holding.fee)
    last = [0] * len(of[0])
    last[kernel.FIRST_LEAF] = len(leaves)
    last[kernel.FIRST_BRANCH] = len(branches)
    last[kernel.FIRST_HOLDING] = len(holdings)
    return kernel.Models(
        of=_table([*of, last], 19),
        leaves=_table(leaves, 2),
        branches=_table([*branches, (0, 0, 0, len(member))], 4),
        member=np.array(member, dtype=np.int64),
        holdings=_table(holdings, 8),
        fee=np.array(fee, dtype=np.float64),
        drift_price=np.array(drift_price),
    )


def _table(rows: Sequence[Sequence[int]], width: int) -> NDArray[np.int64]:
    return np.ascontiguousarray(np.array(rows, dtype=np.int64).reshape(-1, width).T)


def _policy(row: ModelRow, first: tuple[int, int, int]) -> list[int]:
    """The column of one model in `Models.of`."""
    mandate, aim, when, to = row.mandate, row.aim, row.mandate.when, row.mandate.to
    cash = [leaf for leaf in aim.root.leaves() if leaf.name == aim.cash_leaf]
    tax = mandate.household.tax
    rate_parts = _rate_parts(tax.long_rate, tax.short_rate)
    # A batch remembers nothing, so a calendar is always due, as it is for a new household.
    measured = when.has_band or when.drift is not None
    values = {
        kernel.ANSWER: row.answer,
        kernel.FIRST_LEAF: first[0],
        kernel.FIRST_BRANCH: first[1],
        kernel.FIRST_HOLDING: first[2],
        kernel.PARTS: min(row.parts, MOST_PARTS),
        kernel.HAS_CASH_LEAF: len(cash),
        kernel.CASH_SHARE: row.in_parts(cash[0].weight) if cash else 0,
        kernel.CASH_WIDTH: row.in_parts(band_width(cash[0].weight, when)) if cash else -1,
        kernel.LOOKS: int(not when.never and (measured or when.calendar is not None)),
        kernel.ON_CALENDAR: int(not measured and when.calendar is not None),
        kernel.DRIFT_LIMIT: row.in_parts(when.drift),
        kernel.TO: TO_CODES[to.kind],
        kernel.NAMED: 0 if to.width is None else row.in_parts(to.width),
        kernel.TAXED: int(row.account.tax.taxes_gains),
        kernel.RELIEF: RELIEF_CODES.get(row.account.relief, kernel.FIFO),
        kernel.LONG_RATE: int(Fraction(tax.long_rate) * rate_parts),
        kernel.SHORT_RATE: int(Fraction(tax.short_rate) * rate_parts),
        kernel.RATE_PARTS: rate_parts,
        kernel.NEAREST_FIRST: int(mandate.drift_price is None),
    }
    return [values[place] for place in range(len(values))]


def _holding(holding: Holding, index: Mapping[str, int]) -> tuple[int, ...]:
    """The column of one holding in `Models.holdings`."""
    values = {
        kernel.INSTRUMENT: index[holding.instrument],
        kernel.LEAF: holding.leaf,
        kernel.BUYABLE: int(holding.buyable),
        kernel.SELLABLE: int(holding.sellable > 0),
        kernel.RATE: holding.costs.rate,
        kernel.PER_STEP: holding.costs.per_step,
        kernel.LINEAR: int(holding.costs.is_linear),
        kernel.LEAST: min(holding.least, 1 << 50),
    }
    return tuple(values[place] for place in range(len(values)))
