"""The compiled decision of an account against the engine's own, trade by trade and lot by lot."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.engine.households import DAY, mandate, market, tree
from trimtab.batch.tables import Tables, long_through, tables
from trimtab.costs import Costs
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Mandate
from trimtab.kernels import account_columns as kernel
from trimtab.kernels.account import decide_accounts
from trimtab.kernels.compile import compiled
from trimtab.kernels.destination import TO_CODES, fill_from_cash, fill_goals
from trimtab.kernels.goals import fill_cash_moves, fill_whole_goals
from trimtab.model.accounts import Account, Acquired, Lot, Relief, TaxTreatment
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.plan import Plan
from trimtab.model.policy import parse_to, parse_when
from trimtab.model.sleeves import Sleeve
from trimtab.model.state import State
from trimtab.taxes.holding import term_of

ONE = "account"


@dataclass(frozen=True)
class Case:
    """A model, a market, and accounts that are kept by it."""

    mandate: Mandate
    market: Market
    states: tuple[State, ...]


def generated_tree(r: random.Random, names: Sequence[str], cash: bool) -> Sleeve:
    """A target over instruments, flat or with inner sleeves, some leaves with two instruments."""
    leaves = [*names, "CASH"] if cash else list(names)
    grain = r.choice([100, 100, 200, 1000, 7])
    cuts = sorted(r.randint(0, grain) for _ in leaves[1:])
    weights = [Fraction(b - a, grain) for a, b in zip([0, *cuts], [*cuts, grain], strict=True)]
    made = []
    for name, weight in zip(leaves, weights, strict=True):
        hold = (name, f"{name}2") if r.random() < 0.2 and name != "CASH" else (name,)
        made.append(Sleeve(name, weight, hold))
    if len(made) > 2 and r.random() < 0.3:
        cut = r.randint(1, len(made) - 1)
        inner = Sleeve("inner", sum((x.weight for x in made[:cut]), Fraction(0)), (), (),
                       tuple(made[:cut]))  # fmt: skip
        made = [inner, *made[cut:]]
    return Sleeve("", Fraction(1), children=tuple(made))


def generated_case(r: random.Random, accounts: int = 12) -> Case:
    """A model with everything that may bind, and accounts that are off it by much or little."""
    names = ["US", "INTL", "BND", "REIT", "GOLD", "BTC", "EM", "TIPS"][: r.randint(1, 8)]
    target = generated_tree(r, names, cash=r.random() < 0.3)
    steps = {name: r.choice(["1"] * 9 + ["0.001", "0.00000001"]) for name in names}
    known = {x for leaf in target.leaves() for x in leaf.hold if x != "CASH"} | {"OLD"}
    instruments = [
        Instrument(id_, step=Decimal(steps.get(id_.rstrip("2"), "1"))) for id_ in sorted(known)
    ]
    prices = {}
    for id_ in sorted(known):
        places = r.choice([0, 2, 2, 2, 4])
        prices[id_] = str(Decimal(r.randint(1, 600) * 10**places + r.randint(0, 9999) % 10**places)
                          .scaleb(-places))  # fmt: skip
    when = r.choice(
        [
            "monthly",
            "band:5pp",
            "band:20%",
            "monthly+band:5pp/25%",
            "drift:3pp",
            "band:1pp",
            "never",
        ]
    )
    to = "target"
    if "band" in when:
        to = r.choice(["target", "target", "edge", "half", "within:1pp", "within:0.4pp"])
    made = mandate(
        target,
        accounts=[
            Account(
                ONE,
                r.choice([TaxTreatment.TAXABLE, TaxTreatment.TAXABLE, TaxTreatment.ROTH]),
                menu=tuple(r.sample(sorted(known), r.randint(1, len(known))))
                if r.random() < 0.1
                else None,
                do_not_sell=frozenset(r.sample(names, 1)) if r.random() < 0.1 else frozenset(),
                relief=r.choice([Relief.LOWEST_TAX] * 3 + [Relief.FIFO, Relief.HIFO, Relief.LIFO]),
            )
        ],
        instruments=instruments,
        when=when,
        to=to,
        costs=Costs(
            bps=r.choice([0, 0, 1, 10]),
            half_spread_bps=r.choice([0, 2]),
            per_share=r.choice([0, 0, 0, 0, "0.005"]),
        ),
        long=r.choice(["0.15", "0.20", "0.238"]),
        short=r.choice(["0.24", "0.37", "0.15"]),
        min_trade=r.choice([0, 0, 10_000, 50_000]),
        min_trade_units=r.choice([Decimal(0), Decimal(0), Decimal(5)]),
        cash_buffer=r.choice([0, 0, 100_000]),
        drift_price=r.choice([None, None, Decimal(3), Decimal("0.05"), Decimal("0.3")]),
    )
    shown = market(prices)
    states = tuple(generated_state(r, made, shown, target) for _ in range(accounts))
    return Case(made, shown, states)


def generated_state(r: random.Random, made: Mandate, shown: Market, target: Sleeve) -> State:
    """Lots around the target, often exactly on it or on a band, at times short of cash."""
    wealth = r.choice([50_000, 2_000_000, 100_000_000, 3_000_000_000]) * r.randint(1, 9)
    off = r.choice([0, 0.02, 0.1, 0.5])
    lots: list[Lot] = []
    spent = 0
    for leaf in target.leaves():
        for id_ in leaf.hold:
            if id_ == "CASH" or r.random() < 0.1:
                continue
            goods = made.household.instruments[id_]
            price = shown.quotes[id_].price
            assert price is not None
            each = Fraction(price.decimal) * Fraction(goods.step) * 100
            share = (
                leaf.weight / len(leaf.hold) * Fraction(r.choice([1, r.uniform(1 - off, 1 + off)]))
            )
            if r.random() < 0.2:
                share += Fraction(r.choice([-5, -1, 1, 5]), 100)
            total = max(int(share * wealth / each), 0)
            for number in range(r.randint(1, 5)):
                part = total if number == 4 else r.randint(0, total)
                total -= part
                if part <= 0:
                    continue
                worth = int(part * each)
                spent += worth
                lots.append(lot(r, id_, part, worth, number))
    if r.random() < 0.1:
        lots.append(lot(r, "OLD", r.randint(1, 500), 10_000, 0))
    cash = max(wealth - spent, 0) if r.random() < 0.7 else r.randint(-20_000, wealth // 10)
    # Ids ascend as the rows do: a batch has no other order to settle ties by.
    r.shuffle(lots)
    return State(
        tuple(replace(x, id=f"{number:06d}") for number, x in enumerate(lots)), {ONE: cash}
    )


def lot(r: random.Random, id_: str, steps: int, worth: int, number: int) -> Lot:
    """A lot with some gain or loss, bought on one of few days so that days repeat."""
    acquired: Acquired = DAY - timedelta(days=r.choice([1, 100, 365, 366, 367, 800, 3000]))
    acquired = r.choice([acquired, acquired, acquired, acquired, "inherited", None])
    basis = r.choice([worth, worth, int(worth * r.uniform(0.1, 1.6)), None, 0])
    return Lot("", ONE, id_, steps, acquired, basis)


def columns(case: Case, made: Tables) -> kernel.Accounts:
    """The accounts of a case as columns."""
    index = {id_: i for i, id_ in enumerate(made.instruments)}
    lots = [x for state in case.states for x in state.lots]
    first = np.cumsum([0, *(len(state.lots) for state in case.states)])
    count = len(case.states)
    return kernel.Accounts(
        model=np.zeros(count, dtype=np.int64),
        cash=np.array([state.cash[ONE] for state in case.states], dtype=np.int64),
        buffer=np.full(count, case.mandate.cash_buffer, dtype=np.int64),
        first_lot=first.astype(np.int64),
        instrument=np.array([index[x.instrument] for x in lots], dtype=np.int64),
        quantity=np.array([x.quantity for x in lots], dtype=np.int64),
        basis=np.array([-1 if x.basis is None else x.basis for x in lots], dtype=np.int64),
        day=np.array([_day(x.acquired) for x in lots], dtype=np.int64),
        long_through=made.long_through,
    )


def _day(acquired: Acquired) -> int:
    if acquired is None:
        return 0
    return acquired.toordinal() if isinstance(acquired, date) else kernel.INHERITED_DAY


def decided(case: Case, *, fast: bool = True) -> tuple[kernel.Answers, Tables]:
    """The kernel's answers, compiled or interpreted."""
    made = tables([case.mandate], case.market)
    book = columns(case, made)
    lots = len(book.quantity)
    count = len(case.states)
    room = kernel.answers(accounts=count, trades=count * made.most_holdings, lots=lots)
    work = kernel.workspace(
        leaves=made.most_leaves, holdings=made.most_holdings, lots=lots,
        instruments=len(made.instruments),
    )  # fmt: skip
    run = compiled(decide_accounts) if fast else decide_accounts
    run(0, count, made.models, made.prices, book, room, work)
    return room, made


def told(case: Case, found: kernel.Answers, made: Tables, a: int) -> list[tuple[Any, ...]]:
    """The kernel's trades of one account in the plan's words."""
    lots = [x for state in case.states for x in state.lots]
    said = []
    for t in range(found.first_trade[a], found.first_trade[a + 1]):
        instrument, *figures, begin = found.trades[:, t].tolist()
        end = int(found.trades[kernel.T_FIRST_SALE, t + 1])
        sales = [
            (lots[place].id, taken, None if basis < 0 else basis, tax)
            for place, taken, basis, tax in found.sales[:, begin:end].T.tolist()
        ]
        said.append((made.instruments[instrument], *figures, sales))
    return said


def planned(plan: Plan) -> list[tuple[Any, ...]]:
    """The engine's trades in the same form."""
    return [
        (
            trade.instrument,
            trade.quantity if trade.side == "buy" else -trade.quantity,
            trade.value,
            trade.cost,
            trade.tax,
            [(sale.lot, sale.quantity, sale.basis, sale.tax) for sale in trade.lots],
        )
        for trade in plan.trades
    ]


@pytest.mark.parametrize("block", range(8))
def test_an_account_is_decided_as_the_engine_decides_it(block: int) -> None:
    """Same trades, steps, lots, cost and tax as `decide`, or a status that says why not."""
    r = random.Random(4_000 + block)
    seen: Counter[int] = Counter()

    for _ in range(12):
        case = generated_case(r)
        found, made = decided(case)

        for a, state in enumerate(case.states):
            status = int(found.status[a])
            seen[status] += 1
            plan = decide(state, case.mandate, case.market, DAY)
            codes = {finding.code for finding in plan.findings}
            if status in (kernel.SOLVER, kernel.WIDE):
                continue
            assert told(case, found, made, a) == planned(plan), (case.mandate, state)
            assert (status == kernel.NO_IMPROVEMENT) is ("no-improvement" in codes)
            assert (status == kernel.CASH_SHORT) is ("cash-short" in codes)
            assert (status == kernel.NOTHING_TO_DIVIDE) is ("nothing-to-divide" in codes)
            assert (status == kernel.NOT_DUE) is (
                not plan.due and not codes & {"nothing-to-divide"}
            )
            assert int(found.gap[a]) == plan.gap
    assert seen[kernel.DONE] > 20
    assert seen[kernel.SOLVER] + seen[kernel.WIDE] < seen.total() / 2


def test_cash_that_an_account_cannot_spend_as_wished_is_the_engines() -> None:
    """Short of the target and on a menu: what is decided here is what the engine decides."""
    r = random.Random(17)
    seen: Counter[int] = Counter()

    for _ in range(14):
        case = generated_case(r)
        (own,) = case.mandate.household.accounts.values()
        assert case.mandate.target is not None
        names = sorted({x for leaf in case.mandate.target.leaves() for x in leaf.hold} - {"CASH"})
        menu = tuple(r.sample(names, -(-len(names) // 2))) if names else None
        kept = frozenset(r.sample(names, len(names) // 3))
        one = replace(own, menu=menu, do_not_sell=kept)
        household = replace(case.mandate.household, accounts={ONE: one})
        to = parse_to(r.choice(["edge", "half", "within:1pp"]))
        when = parse_when("band:3pp")
        case = replace(case, mandate=replace(case.mandate, household=household, when=when, to=to))
        found, made = decided(case)
        for a, state in enumerate(case.states):
            status = int(found.status[a])
            seen[status] += 1
            if status not in (kernel.SOLVER, kernel.WIDE):
                assert told(case, found, made, a) == planned(
                    decide(state, case.mandate, case.market, DAY)
                )
    assert seen[kernel.DONE] > 20
    assert seen[kernel.SOLVER] > 20


def test_compiled_and_interpreted_decide_alike() -> None:
    """The kernel gives the same answers, to the last lot, as plain Python and as machine code."""
    r = random.Random(91)

    for _ in range(8):
        case = generated_case(r, accounts=6)
        (fast, _), (plain, _) = decided(case), decided(case, fast=False)

        for one, other in zip(fast, plain, strict=True):
            assert np.array_equal(one, other)


def test_what_needs_more_than_the_kernel_says_so() -> None:
    """An order's own fee, named lots, what is to stay: not decided here, and never guessed."""
    r = random.Random(92)
    case = generated_case(r, accounts=4)
    (own,) = case.mandate.household.accounts.values()
    due = replace(case.mandate, when=parse_when("monthly"), to=parse_to("target"))

    def with_account(**changed: Any) -> Mandate:
        household = replace(due.household, accounts={ONE: replace(own, **changed)})
        return replace(due, household=household)

    for odd in (
        replace(due, costs={"": Costs(commission="4.95")}),
        replace(due, costs={"": Costs(minimum=1)}),
        replace(due, fewest_trades=True),
        with_account(keep={"US": 1}),
        with_account(relief=Relief.SPECIFIC, specific_lots=("000000",)),
    ):
        found, _ = decided(replace(case, mandate=odd))

        assert set(found.status.tolist()) <= {kernel.SOLVER, kernel.NOTHING_TO_DIVIDE}
        assert found.first_trade[-1] == 0


def test_a_price_that_is_not_believed_stops_the_accounts_that_need_it() -> None:
    """Without a good price of what is held, or is to be bought, an account is not decided."""
    target = tree({"US": 60, "BND": 40})
    held = [lot_of("US", 10), lot_of("BND", 10), lot_of("OLD", 3)]
    states = tuple(State((x,), {ONE: 100_000}) for x in held)
    for missing, stopped in (("OLD", [2]), ("US", [0, 1, 2])):
        prices = {"US": "100", "BND": "50", "OLD": "7"}
        del prices[missing]
        made = mandate(target, accounts=[Account(ONE, TaxTreatment.ROTH)],
                       instruments=[Instrument("OLD")])  # fmt: skip

        found, _ = decided(Case(made, market(prices), states))

        assert [a for a in range(3) if found.status[a] == kernel.NO_PRICE] == stopped


def test_numbers_beyond_64_bits_are_left_to_the_engine() -> None:
    """Money or steps too large for exact 64-bit products are reported, not wrapped."""
    made = mandate(tree({"US": 100}), accounts=[Account(ONE, TaxTreatment.TAXABLE)])
    shown = market({"US": "123456.78"})
    states = tuple(
        State((lot_of("US", steps),), {ONE: cash})
        for steps, cash in ((2**59, 0), (2**61, 0), (10, 2**55), (10, -(2**55)))
    )

    found, _ = decided(Case(made, shown, states))

    assert found.status.tolist() == [kernel.WIDE] * 4


def lot_of(id_: str, steps: int) -> Lot:
    """A lot of the test's account."""
    return Lot("000000", ONE, id_, steps, date(2020, 1, 2), 1_000)


def test_long_term_begins_on_the_day_that_the_holding_period_says() -> None:
    """The one day that separates long from short is right on every day of five years."""
    for ahead in range(5 * 366):
        on = date(2023, 1, 1) + timedelta(days=ahead)
        cut = date.fromordinal(long_through(on))

        assert term_of(cut, on) == "long"
        assert term_of(cut + timedelta(days=1), on) == "short"
        assert term_of(cut - timedelta(days=1), on) == "long"


@pytest.mark.parametrize("to", ["edge", "half", "within"])
def test_whole_goals_are_the_exact_ones(to: str) -> None:
    """Levels in integers are the levels in fractions, times the factor that is returned."""
    r = random.Random(to)

    for _ in range(3_000):
        n = r.randint(1, 7)
        aims = [2 * r.randint(0, 50) for _ in range(n)]
        values = list(aims)
        for _ in range(r.randint(0, 4)):
            i, j, much = r.randrange(n), r.randrange(n), 2 * r.randint(0, 20)
            values[i], values[j] = values[i] + much, values[j] - much
        bands = [r.choice([-1, 2 * r.randint(0, 12)]) for _ in range(n)]
        width = 2 * r.randint(0, 6)
        exact = [Fraction(0)] * n
        fractions = [[Fraction(x) for x in column] for column in (values, aims, bands)]
        fill_goals(*fractions, TO_CODES[to], Fraction(width), Fraction(0), exact)  # type: ignore[arg-type]
        goals = [0] * n

        factor = fill_whole_goals(
            n, values, aims, bands, to == "half", to == "within", width, goals
        )

        assert [Fraction(goal, factor) for goal in goals] == exact


def test_cash_moves_are_the_exact_ones() -> None:
    """New cash and withdrawals in integers go where they go in fractions."""
    r = random.Random(17)
    refused = 0

    for _ in range(3_000):
        n = r.randint(1, 7)
        values, aims = ([r.randint(0, 60) for _ in range(n)] for _ in range(2))
        cash = r.randint(-80, 80)
        exact, goals = [Fraction(0)] * n, [0] * n
        fill_from_cash(
            [Fraction(x) for x in values], [Fraction(x) for x in aims], Fraction(cash), exact
        )

        factor = fill_cash_moves(n, values, aims, cash, goals)

        if factor == 0:
            refused += 1
            side = -1 if cash > 0 else 1
            room = sum(max(side * (v - a), 0) for v, a in zip(values, aims, strict=True))
            assert abs(cash) > room
            continue
        assert [Fraction(goal, factor) for goal in goals] == exact
    assert 0 < refused < 2_000
