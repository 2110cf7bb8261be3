"""Policies over history in research mode: what each would have done, with every convention said.

Conventions. Units are floats and fractional. A run starts invested at target at its first session,
at no cost, and its last session never trades. The cost of a rebalance is rate x sum of
|aim x value - holding|, with the value before cost, charged once; holdings become
aim x (value - cost). Cash (`CASH`) is a leaf like any other, but moving it costs nothing. A
target that trades nothing when a trigger fires is no rebalance. Bands compare with >= and an
allowance of 1e-12, and measure against the target last adopted; where the target is a tree, its
inner sleeves have bands as well.

Impact, schedules of fees, a limit on the part of a day's volume, money that comes and goes, a
yearly fee, short positions, dividends that are not reinvested and instruments without a price run
session by session
(`kernels.daily`), with the same conventions; docs/costs.md and docs/history.md have theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from trimtab.costs import Costs
from trimtab.costs.exchange import with_exchange
from trimtab.model.days import Day
from trimtab.model.errors import InputError, OptionError, Problem
from trimtab.model.policy import Policy, PolicyError
from trimtab.simulate.prices.gaps import Delisted, Late
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.research.policy_run import broke_unasked, over
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.research.rules import CostRule, DividendUse, TradeAt, read_rules
from trimtab.simulate.uncertainty.bootstrap import difference

if TYPE_CHECKING:
    from trimtab.simulate.frames import FrameKind

Form: TypeAlias = Literal["auto", "interpreted", "compiled"]
_FORMS = get_args(Form)

_COMPILE_FROM = 6_000_000
"""Prices looked at, over all policies, from which machine code pays for importing Numba."""


def backtest(
    prices: PriceHistory,
    policies: Policy | Sequence[Policy],
    *,
    costs: Costs | None = None,
    cash: float = 100_000.0,
    trade_at: TradeAt | None = None,
    start: Day | None = None,
    end: Day | None = None,
    cash_rate: float = 0.0,
    cost_rule: CostRule = "once",
    form: Form = "auto",
    warmup: int | None = None,
    frames: FrameKind | None = None,
    accept_jumps: bool = False,
    flows: Flows | Mapping[Day, float] | float | None = None,
    fee: float = 0.0,
    participation: float | None = None,
    missing: str = "drop",
    late: Late = "wait",
    delisted: Delisted | None = None,
    fx_bps: float = 0.0,
    short: bool = False,
    loan_rate: float | None = None,
    dividends: DividendUse = "reinvest",
) -> Backtest:
    """What one or several policies would have done over history.

    Args:
        prices: Total-return prices, as `read_prices` gives them.
        policies: One policy, or several to compare on the same sessions.
        costs: What trading costs; nothing by default.
        cash: What each starts with.
        trade_at: `close` trades at the very close that decided, `next-open` and `next-close` at
            the next session. By default `close` for given targets and `next-close` for targets
            that are made from data, which must not trade on the price they have just seen.
        start: First date that may count, a date or text; targets made from data see what was
            before it.
        end: Last date that may count.
        cash_rate: Yearly interest on CASH, actual/365.25, compounding.
        cost_rule: `once`, this package's convention. The others are for comparisons: `solved`
            makes the value after cost the one that is divided, exactly; `in-order` takes each
            order's cost out of its own money; `from-last` out of the largest purchase.
        form: Which form of the kernels runs; both give the same bits. `auto` goes by the work.
        warmup: Sessions that must be known before a target is made from data: by default 252 for
            an estimator, 1 for a function (which may return None while it is too early).
        frames: `pandas`, `polars` or `columns` for results; by default as the prices came in.
        accept_jumps: Take changes of a price by eight times or more, and what looks like a
            split, for real.
        flows: Money that comes and, below zero, goes: by date, or a share of the value a year as
            -0.04 (each month), or both as `Flows`. It comes at the close, before the policy looks.
        fee: Yearly fee on assets, as 0.005: taken each month from all holdings alike.
        participation: Share of a session's volume that may be traded at most, as 0.05; what is
            left of an order waits for the next sessions.
        missing: Sessions on which some instruments have a price and others have none: `drop`
            leaves them out; `hold` values at the last price, at most 5 sessions in a row
            (`hold:10` for 10), and lets orders wait.
        late: Where instruments appear later: `wait` begins when all are there, `spread` begins
            with those that are and spreads the target of the others over them.
        delisted: Instruments whose prices end: they are turned into cash on the next session, at
            the price given as {"ENRN": 0.0}, or at the last one where it is None or only names
            are given; their target is spread over the others.
        fx_bps: Half-spread of exchange in basis points, for each order in what `read_prices`
            brought over from another currency.
        short: Allow weights below zero: a short position, and of CASH a loan. What is sold short
            is in CASH and earns `cash_rate`; borrowing it costs `borrow_bps` of the costs.
        loan_rate: Yearly interest on CASH below zero, actual/365.25; by default `cash_rate`.
        dividends: What becomes of cash dividends, which whoever held at the close before gets.
            `reinvest` buys the same instrument at the close of their day, at no cost: what
            total-return prices are. `hold` keeps them as CASH until the policy trades;
            `towards-target` buys what is furthest below its target at that close, as a deposit
            does, at its cost. Both need prices with a dividend column.

    Returns:
        Figures, curves and trades of each policy, with findings.

    Raises:
        InputError: Prices or targets cannot be used, with everything that is wrong.
        PolicyError: Two policies have the same name.
        OptionError: An option makes no sense.
    """
    given: object = prices
    if not isinstance(given, PriceHistory):
        wrong = f"a {type(given).__name__} is no price history"
        remedy = "pass it through trimtab.read_prices first"
        raise InputError([Problem("prices", None, "", wrong, remedy)])
    priced: object = costs
    if priced is not None and not isinstance(priced, Costs):
        remedy = "write costs=tt.Costs(bps=5) for 5 basis points of each trade"
        raise InputError([Problem("costs", None, "", f"{costs!r} are no costs", remedy)])
    chosen = [policies] if isinstance(policies, Policy) else list(policies)
    _check_names(chosen)
    charged = with_exchange(costs or Costs(), prices.foreign, fx_bps)
    if trade_at not in (None, "close", "next-open", "next-close"):
        raise OptionError(f"trade_at {trade_at!r}: one of close, next-open, next-close")
    if form not in _FORMS:
        raise OptionError(f"form {form!r}: one of {', '.join(_FORMS)}")
    if warmup is not None and warmup < 0:
        raise OptionError(f"warmup {warmup!r}: a count of sessions, from 0 on")
    work = prices.close.size * len(chosen)
    fast = form == "compiled" or (form == "auto" and work >= _COMPILE_FROM)
    rules = read_rules(
        costs=charged, compiled=fast, warmup=warmup, frames=frames or prices.frames,
        cash=cash, trade_at=trade_at, start=start, end=end, cash_rate=cash_rate,
        cost_rule=cost_rule, accept_jumps=accept_jumps, flows=flows, fee=fee,
        participation=participation, missing=missing, late=late, delisted=delisted,
        short=short, loan_rate=loan_rate, dividends=dividends,
    )  # fmt: skip
    breaks = any(one.when.breakdown for one in chosen)
    if (rules.is_daily or breaks) and cost_rule != "once":
        raise OptionError(
            "cost_rule: impact, schedules, flows, fees, short positions, dividends, gaps and "
            "breakdown are only known to `once`"
        )
    found = over(prices, chosen, rules, differ=difference)
    assert found.ready is not None
    said = broke_unasked(found.ready, prices)
    return replace(found, findings=(*found.findings, *said)) if said else found


def _check_names(policies: Sequence[Policy]) -> None:
    if not policies:
        raise PolicyError("no policy: give at least one")
    seen: set[str] = set()
    for policy in policies:
        if policy.label in seen:
            raise PolicyError(f"two policies are called {policy.label!r}: give them names")
        seen.add(policy.label)
