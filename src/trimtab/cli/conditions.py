"""Costs, fees, volume limits and money that comes and goes: the options of a research backtest."""

from __future__ import annotations

import argparse

from trimtab.cli.studied import amount, bps, rate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeAlias

    from trimtab.costs import Costs
    from trimtab.model.policy import Calendar
    from trimtab.simulate.accounts.terms import AccountTerms
    from trimtab.simulate.research.flows import Flows, Invest

    Regular: TypeAlias = tuple[str, float, bool, Calendar]
    """Which account, or all; how much, whether in shares of the value, and how often."""

PERIODS: dict[str, Calendar] = {
    "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "annual",
}  # fmt: skip
TIMES_A_YEAR: dict[str, float] = {
    "weekly": 365.25 / 7.0, "monthly": 12.0, "quarterly": 4.0, "annual": 1.0,
}  # fmt: skip

FEES = {
    "--cost-bps": "bps",
    "--half-spread-bps": "half_spread_bps",
    "--cost-per-share": "per_share",
    "--commission": "commission",
    "--minimum": "minimum",
    "--impact": "impact",
    "--borrow-bps": "borrow_bps",
    "--temporary-impact": "temporary_impact",
    "--permanent-impact": "permanent_impact",
}
"""Options that say what trading costs, and the keyword of `Costs` that each is."""

SCALES = ("impact", "temporary_impact", "permanent_impact")
"""Of those, the scales of market impact, which account mode knows as well."""

OTHERS = (
    "--participation", "--fee-percent", "--deposit", "--withdraw", "--flows", "--new-money",
    "--short", "--loan-rate", "--dividends",
)  # fmt: skip


def add_conditions(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """The options; `several` costs in basis points may be compared where that is what is done."""
    costs = parser.add_argument_group("what trading costs (docs/costs.md)")
    costs.add_argument(
        "--cost-bps",
        metavar="BPS",
        type=bps,
        action="append" if several else "store",
        help="basis points of what is traded" + (" (repeatable)" if several else ""),
    )
    costs.add_argument(
        "--half-spread-bps", metavar="BPS", type=bps, help="half of bid to ask, in basis points"
    )
    costs.add_argument(
        "--cost-per-share", metavar="AMOUNT", type=_fee, help="money for each unit traded"
    )
    costs.add_argument("--commission", metavar="AMOUNT", type=_fee, help="money for each order")
    costs.add_argument(
        "--minimum", metavar="AMOUNT", type=_fee, help="the least that an order costs"
    )
    costs.add_argument(
        "--impact",
        metavar="SCALE",
        type=_scale,
        help="market impact: SCALE x daily volatility x root of the order's share of a usual day; "
        "near 1 in most studies; needs volumes",
    )
    costs.add_argument(
        "--temporary-impact",
        metavar="SCALE",
        type=_linear,
        help="linear impact that is gone with its session: SCALE x daily volatility x the order's "
        "part of a usual day's volume; needs volumes",
    )
    costs.add_argument(
        "--permanent-impact",
        metavar="SCALE",
        type=_linear,
        help="linear impact that stays in the price of all later sessions, by the same measure; "
        "the order itself pays half of it; needs volumes",
    )
    costs.add_argument(
        "--participation",
        metavar="PERCENT",
        type=_percent,
        help="trade at most this part of a day's volume; the rest waits for the next session; "
        "needs volumes",
    )
    costs.add_argument(
        "--fee-percent",
        metavar="PERCENT",
        type=_yearly_fee,
        help="a year's fee on what is held",
    )
    short = parser.add_argument_group("short positions and loans")
    short.add_argument(
        "--short",
        action="store_const",
        const=True,
        help="allow targets below zero: SPY=130,AGG=-30, and of CASH a loan",
    )
    short.add_argument(
        "--borrow-bps",
        metavar="BPS",
        type=bps,
        help="what borrowing costs a year, in basis points of what is sold short",
    )
    short.add_argument(
        "--loan-rate",
        metavar="PERCENT",
        type=rate,
        help="a year's interest on CASH below zero (default: --cash-rate)",
    )
    flows = parser.add_argument_group("money that comes and goes")
    flows.add_argument(
        "--deposit",
        metavar="AMOUNT/PERIOD" if several else "[ACCOUNT=]AMOUNT/PERIOD",
        type=_regular,
        action="append",
        help="money that comes at the end of each week, month, quarter or year: 500/month; or a "
        "share of the value: 1%%/quarter"
        + (
            ""
            if several
            else "; in accounts divided by what each is worth, or to the one named: roth=500/month"
        )
        + " (repeatable)",
    )
    flows.add_argument(
        "--withdraw",
        metavar="AMOUNT/PERIOD" if several else "[ACCOUNT=]AMOUNT/PERIOD",
        type=_regular,
        action="append",
        help="money that goes: 2000/month, 4%%/year"
        + ("" if several else ", roth=4%%/year")
        + " (repeatable)",
    )
    flows.add_argument(
        "--flows",
        metavar="FILE",
        help="money by date: date,amount; below zero what goes"
        + ("" if several else "; with a column account, whose"),
    )
    flows.add_argument(
        "--new-money",
        choices=("towards-target", "hold"),
        help="deposits buy what is furthest below its target, or stay cash until the policy "
        "trades (default: towards-target)",
    )
    flows.add_argument(
        "--dividends",
        choices=("reinvest", "hold", "towards-target"),
        help="cash dividends buy more of the same at no cost, stay cash until the policy trades, "
        "or buy what is furthest below its target; but for reinvest, prices need a dividend column "
        "(default: reinvest; in account mode hold, and reinvest is an order of whole steps)",
    )


IN_ACCOUNTS = (
    "--dividends", "--deposit", "--withdraw", "--flows", "--new-money", "--fee-percent",
    "--impact", "--temporary-impact", "--permanent-impact", "--participation",
)  # fmt: skip
"""Those that account mode knows as well."""


def conditions_given(args: argparse.Namespace) -> list[str]:
    """Those of the options that were given and that only research mode knows."""
    named = [flag for flag in (*FEES, *OTHERS) if flag not in IN_ACCOUNTS]
    return [flag for flag in named if getattr(args, _name(flag)) is not None]


def account_terms_of(args: argparse.Namespace) -> AccountTerms:
    """What the options say of a run in account mode."""
    from decimal import Decimal

    from trimtab.cli.missing_prices import delisted_of
    from trimtab.model.errors import RefusedError
    from trimtab.simulate.accounts.terms import AccountTerms

    named, delisted = _flows_named(args), delisted_of(args)
    if args.cash_rate < 0:
        raise RefusedError("--cash-rate below zero will not go with accounts: say 0 or more")
    for symbol, price in delisted.items():
        if price is not None and price < 0:
            raise RefusedError(f"--delisted {symbol}={price}: is no price; zero or more")
    return AccountTerms(
        dividends=args.dividends or "hold",
        flows=named.pop("", None),
        flows_of=named,
        fee=args.fee_percent or 0.0,
        cash_rate=args.cash_rate,
        trade_at=args.trade_at or "close",
        delisted=delisted,
        participation=args.participation,
        **{name: Decimal(text) for name in SCALES if (text := getattr(args, name)) is not None},
    )


def conditions_of(args: argparse.Namespace) -> dict[str, Any]:
    """The keywords of `backtest` that options other than fees stand for.

    Raises:
        OptionError: Two of them contradict each other.
        InputError: The file of flows cannot be used.
    """
    from trimtab.simulate.research.rules import check_short

    flows = flows_by(args)
    check_short(bool(args.short), args.loan_rate, flows, args.dividends or "reinvest")
    return {
        "flows": flows,
        "fee": args.fee_percent or 0.0,
        "participation": args.participation,
        "short": bool(args.short),
        "loan_rate": args.loan_rate,
        "dividends": args.dividends or "reinvest",
    }


def costs_by(args: argparse.Namespace, own: Costs) -> Costs:
    """What trading costs: `--cost-bps` stands for all of it, other options each for their part.

    Args:
        args: The options.
        own: What it costs without them; their part counts for instruments with own costs as well.
    """
    from trimtab.costs import Costs

    given = {name: getattr(args, _name(flag)) for flag, name in FEES.items()}
    told = {name: value for name, value in given.items() if value is not None}
    return _with(Costs() if args.cost_bps is not None else own, told) if told else own


def flows_by(args: argparse.Namespace) -> Flows | None:
    """Money that comes and goes in research mode; None where nothing was said of it.

    Raises:
        RefusedError: Two options contradict each other, or an account is named.
        InputError: The file cannot be used.
    """
    from trimtab.model.errors import RefusedError

    named = _flows_named(args)
    whole = named.pop("", None)
    if named:
        raise RefusedError(
            f"{flags_of(list(named))}: accounts can be named for money that comes and goes with "
            "`backtest --account-mode`; here there are none, so leave the name out"
        )
    return whole


def _flows_named(args: argparse.Namespace) -> dict[str, Flows]:
    """Money that comes and goes by account; an empty name is all of them together.

    Raises:
        RefusedError: Two options mean shares of the value, or `--new-money` has nothing to say.
        InputError: The file cannot be used.
    """
    from trimtab.model.errors import RefusedError
    from trimtab.simulate.research.flows import Flows

    asked = [
        *((1.0, *one) for one in args.deposit or ()),
        *((-1.0, *one) for one in args.withdraw or ()),
    ]
    dated = {}
    if args.flows:
        from trimtab.adapters.flows_csv import read_dated_flows

        dated = read_dated_flows(args.flows)
    if args.new_money and not (asked or dated):
        raise RefusedError("--new-money goes with --deposit, --withdraw or --flows")
    invest: Invest = args.new_money or "towards-target"
    found = {}
    for account in dict.fromkeys([*(one[1] for one in asked), *dated]):
        regular: dict[Calendar, float] = {}
        shares = [(sign, much, period) for sign, own, much, is_share, period in asked
                  if is_share and own == account]  # fmt: skip
        if len(shares) > 1:
            raise RefusedError(
                "--deposit and --withdraw: only one of them can be a share of the value; take one "
                "from the other"
            )
        for sign, own, much, is_share, period in asked:
            if own == account and not is_share:
                regular[period] = regular.get(period, 0.0) + sign * much
        yearly, every = 0.0, PERIODS["month"]
        for sign, much, period in shares:
            yearly, every = sign * much * TIMES_A_YEAR[period], period
            _need_possible(yearly, much, period)
        found[account] = Flows(
            dated.get(account, {}), yearly=yearly, every=every, invest=invest, regular=regular
        )
    return found


def _need_possible(yearly: float, much: float, period: Calendar) -> None:
    """Refuse a share of the value that in a year is more than all of it, in the words typed.

    Raises:
        RefusedError: So much cannot go, or come.
    """
    from trimtab.model.errors import RefusedError
    from trimtab.simulate.research.flows import LEAST_YEARLY, MOST_YEARLY

    if LEAST_YEARLY <= yearly <= MOST_YEARLY:
        return
    flag, least = ("--withdraw", -LEAST_YEARLY) if yearly < 0 else ("--deposit", MOST_YEARLY)
    word = next(word for word, own in PERIODS.items() if own == period)
    raise RefusedError(
        f"{flag} {100 * much:g}%/{word}: {abs(yearly):,.0%} of the value a year, and {least:,.0%} "
        "is the most; say money, as 500/month, or a smaller share"
    )


def _with(costs: Costs, told: dict[str, str]) -> Costs:
    from trimtab.costs import Costs

    names = (*FEES.values(), "maximum", "tiers", "share_tiers")
    parts: dict[str, Any] = {name: getattr(costs, name) for name in names}
    inner = {name: _with(own, told) for name, own in costs.by_instrument.items()}
    if "bps" in told:
        parts["tiers"] = {}
    if "per_share" in told:
        parts["share_tiers"] = {}
    return Costs(**{**parts, **told}, by_instrument=inner)


def _name(flag: str) -> str:
    return flag[2:].replace("-", "_")


def _fee(text: str) -> str:
    """Money, as it was typed."""
    amount(text, "a fee", 0, 10_000)
    return text.strip()


def _scale(text: str) -> str:
    """The scale of market impact, as it was typed."""
    amount(text, "the scale of market impact", 0, 100)
    return text.strip()


def _linear(text: str) -> str:
    """The scale of linear impact, as it was typed."""
    amount(text, "the scale of linear impact", 0, 1_000)
    return text.strip()


def _percent(text: str) -> float:
    return amount(text, "a part in percent", 0.0001, 100) / 100


def _yearly_fee(text: str) -> float:
    return amount(text, "a fee in percent a year", 0, 50) / 100


def _regular(text: str) -> Regular:
    """`500/month`, `4%/year` or `roth=500/month`."""
    account, named, what = text.strip().rpartition("=")
    much, _, period = what.partition("/")
    if period not in PERIODS or (named and not account):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not of the form AMOUNT/PERIOD, as 500/month or 4%/year, or with an "
            "account before it, as roth=500/month: a week, month, quarter or year"
        )
    if much.endswith("%"):
        share = amount(much[:-1], "a share in percent", 0.0001, 99) / 100
        return account, share, True, PERIODS[period]
    money = amount(much, "an amount", 0.01, 1e12)
    if money < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is {money:g} of money a {period}: for a share of the value write "
            f"{money * 100:g}%/{period}"
        )
    return account, money, False, PERIODS[period]


def flags_of(names: Sequence[str]) -> str:
    """Options in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
