"""What `backtest`, `sweep` and `advise` look at: any prices and target, or this portfolio's."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

from trimtab.cli.options import add_folder, day, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from trimtab.adapters.portfolio_folder import Portfolio
    from trimtab.costs import Costs
    from trimtab.model.errors import Problem
    from trimtab.model.policy import When
    from trimtab.model.sessions import Calendar
    from trimtab.model.sleeves import Sleeve
    from trimtab.simulate.prices.history import PriceHistory

START = 100_000
"""What a run starts with unless told, where there is no portfolio."""

POLICIES = """\
when a policy acts (--when):
  never, daily, weekly, monthly, quarterly, annual   at the last session of each period
  band:5pp, band:20%, band:5pp/25%                   a sleeve is so many points, or so much of its
                                                     target, away from it; whichever comes first
  drift:5pp                                          so much would have to move to be on target
  cashflow:500                                       so much new cash has come
  tracking:1%, worth:2x, breakdown                   by what prices say of risk and cost:
                                                     docs/portfolio-folder.md
  monthly+band:5pp                                   looks monthly, and acts on the band
how far it trades (--to):
  target, edge, half, within:1.75pp                  all the way, or back to the band's edge, to
                                                     half of it, or to a width of your own

"""
"""What the words of a policy mean, for the help of commands that take them."""


@dataclass(frozen=True)
class Studied:
    """What is looked at.

    Args:
        prices: Total-return prices.
        target: What to hold.
        costs: What trading costs.
        policy: The portfolio's own policy in words; empty for any prices.
        remark: What stands for the portfolio's sleeves; empty for any prices.
        equal: Where the target is found from prices: equal shares, to compare it with.
        name: The portfolio's folder; empty for any prices.
        symbols: What stands for its sleeves, money left out; empty for any prices.
        moves: Whether its target changes over time.
        beside: Another portfolio that it is shown beside.
        calendar: The portfolio's; None for any prices.
        fx_bps: The portfolio's cost of exchange in basis points.
    """

    prices: PriceHistory
    target: object
    costs: Costs
    policy: str = ""
    remark: str = ""
    equal: object = None
    name: str = ""
    symbols: tuple[str, ...] = ()
    moves: bool = False
    beside: Studied | None = None
    calendar: Calendar | None = None
    fx_bps: str = "0"

    def aim(self, when: When) -> object:
        """The target, as a policy takes it that weighs what is expected of it or does not."""
        from trimtab.model.sleeves import Sleeve

        if when.breakdown and self.moves:
            from trimtab.simulate.research.found_aim import for_breakdown

            return for_breakdown(self.target)
        if not when.is_dynamic or self.calendar is None or not isinstance(self.target, Sleeve):
            return self.target
        from trimtab.simulate.research.found_aim import WrittenAim

        return WrittenAim(self.target, self.calendar)


def add_studied(parser: argparse.ArgumentParser) -> None:
    """The options that say what is looked at, and from when to when."""
    add_folder(parser, again=True)
    parser.add_argument(
        "--prices",
        metavar="FILE",
        help="prices: CSV, Parquet, or a folder of them; with a target below, in place of this "
        "portfolio (default: the portfolio's prices and target)",
    )
    add_currency(parser)
    parser.add_argument(
        "--target",
        metavar="S=P,...",
        help="with --prices: what to hold, in percent by symbol, as SPY=60,AGG=40; it adds up to "
        "100, and what is not invested is CASH",
    )
    parser.add_argument(
        "--target-file",
        metavar="FILE",
        help="with --prices: dated targets, with columns date and one a symbol, in percent",
    )
    parser.add_argument(
        "--cash",
        metavar="AMOUNT",
        type=cash,
        help="what to start with (default: what the portfolio is worth now; with --prices "
        f"{START:,})",
    )
    parser.add_argument(
        "--cash-rate", metavar="PERCENT", type=rate, default=0.0, help="a year's interest on CASH"
    )
    parser.add_argument("--start", metavar="DATE", type=day, help="the first day that may count")
    parser.add_argument("--end", metavar="DATE", type=day, help="the last day that may count")
    parser.add_argument(
        "--trade-at",
        choices=("close", "next-open", "next-close"),
        help="where a decision is carried out (default: close)",
    )


def studied(args: argparse.Namespace) -> Studied:
    """What the options mean.

    Raises:
        RefusedError: They contradict each other.
        InputError: A file or a target cannot be used.
    """
    return _any_prices(args) if args.prices else _this_portfolio(args)


def refuse_worth(found: Studied, command: str) -> None:
    """Refuse a target that depends on what each policy holds or is worth, where they share one.

    Raises:
        RefusedError: The portfolio's target does.
    """
    from trimtab.model.errors import RefusedError
    from trimtab.simulate.research.found_aim import FoundAim

    if not isinstance(found.target, FoundAim) or not found.target.target.of_one_book:
        return
    rule = found.target.target
    what = f"[target.optimize] with {rule.book_key}" if rule.cppi is None else "[target.cppi]"
    raise RefusedError(
        f"`{command}` finds a target once for all policies, and that of {what} depends on what "
        f"each of them {'holds' if rule.needs_held else 'is worth'}: `trimtab backtest --policy "
        "monthly --policy quarterly` compares them"
    )


def amount(text: str, what: str, least: float, most: float) -> float:
    """A plain number of an option, within limits."""
    from trimtab.model.numbers import NumberError, decimal_from

    # A zero before the point may go without saying on the command line.
    whole = f"0{text.strip()}" if text.strip().startswith(".") else text
    try:
        value = float(decimal_from(whole))
    except NumberError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r}: {what} is from {least:g} to {most:g}")
    return value


def bps(text: str) -> str:
    """A cost in basis points, as it was typed."""
    amount(text, "a cost in basis points", 0, 9_999)
    return f"0{text.strip()}" if text.strip().startswith(".") else text.strip()


def add_currency(parser: argparse.ArgumentParser) -> None:
    """The options that bring prices to one currency."""
    parser.add_argument(
        "--currency",
        metavar="CODE",
        type=code,
        help="with --prices: bring all of them to this currency, as USD",
    )
    parser.add_argument(
        "--fx",
        metavar="FILE",
        help="rates, as prices of pairs: EURUSD in dollars for a euro (default: among the prices)",
    )


def code(text: str) -> str:
    """A currency's code."""
    if not (len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()):
        raise argparse.ArgumentTypeError(f"{text!r}: three capital letters, as USD")
    return text


def cash(text: str) -> float:
    """An amount to start with."""
    return amount(text, "an amount to start with", 0.01, 1e15)


def rate(text: str) -> float:
    """A rate in percent, as a fraction."""
    return amount(text, "a rate in percent", -99, 999) / 100


# -- any prices -----------------------------------------------------------------------------------


def _any_prices(args: argparse.Namespace) -> Studied:
    from trimtab.adapters.price_frames import read_dated_targets, read_mixed_prices
    from trimtab.costs import Costs
    from trimtab.model.errors import InputError, RefusedError
    from trimtab.model.instruments import CASH

    if bool(args.target) == bool(args.target_file):
        raise RefusedError(
            "give --target SYMBOL=PERCENT,... or --target-file FILE, one of them: with --prices "
            "nothing is taken from a portfolio folder"
        )
    if getattr(args, "beside", None):
        raise RefusedError("--beside shows a portfolio folder beside another one: not any prices")
    if args.fx and not args.currency:
        raise RefusedError("--fx converts prices: say to which currency, as --currency USD")
    short = bool(args.short)
    problems: list[Problem] = []
    prices = None
    try:
        prices = read_mixed_prices(args.prices, currency=args.currency, fx=args.fx)
    except InputError as error:
        problems += error.problems
    target: dict[str, float] | dict[date, dict[str, float]]
    named: dict[str, Sequence[str]] = {}
    if args.target_file:
        target = read_dated_targets(args.target_file, short=short)
        named["--target-file"] = list(next(iter(target.values())))
    else:
        target, wrong = shares_read(args.target, "--target", short=short)
        named["--target"] = list(target)
        problems += wrong
    for text in getattr(args, "other_target", ()):
        other, wrong = shares_read(text, "--other-target", short=short)
        named["--other-target"] = [*named.get("--other-target", ()), *other]
        problems += wrong
    if prices is None:
        raise InputError(problems)
    known = (*prices.symbols, CASH)
    strangers = [one for option, own in named.items() for one in unpriced(own, option, known)]
    every = dict.fromkeys(symbol for own in named.values() for symbol in own)
    together = prices.problems_with([symbol for symbol in every if symbol in prices.symbols])
    if strangers or together or problems:
        raise InputError([*strangers, *together, *problems])
    return Studied(prices, target, Costs())


def unpriced(symbols: Iterable[str], option: str, known: Sequence[str]) -> list[Problem]:
    """What an option names that has no prices, with the one that is probably meant."""
    from trimtab.adapters.toml_table import near
    from trimtab.model.errors import Problem

    return [
        Problem(option, None, symbol, "has no prices", near(symbol, known))
        for symbol in symbols
        if symbol not in known
    ]


def shares_of(text: str, option: str, *, short: bool = False) -> dict[str, float]:
    """`SPY=60,AGG=40` as fractions; it has to add up to 100, exactly.

    Raises:
        InputError: What is wrong with it, as a value of this option.
    """
    from trimtab.model.errors import InputError

    shares, problems = shares_read(text, option, short=short)
    if problems:
        raise InputError(problems)
    return shares


def shares_read(
    text: str, option: str, *, short: bool = False
) -> tuple[dict[str, float], list[Problem]]:
    """The same with what is wrong with it as a list."""
    from decimal import Decimal

    from trimtab.model.errors import Problem
    from trimtab.model.numbers import NumberError, decimal_from, meant_in_percent

    shares: dict[str, Decimal] = {}
    problems = []
    for part in text.split(","):
        symbol, mark, number = part.strip().rpartition("=")
        if not mark:
            wrong = f"{part.strip()!r} has no percent"
            problems.append(Problem(option, None, "", wrong, "write SPY=60,AGG=40"))
            continue
        try:
            share = decimal_from(number)
        except NumberError as error:
            problems.append(Problem(option, None, symbol, str(error), "write SPY=60,AGG=40"))
            continue
        if not symbol or symbol in shares or (share < 0 and not short):
            remedy = "write SPY=60,AGG=40"
            if not symbol:
                wrong = f"{part.strip()!r} has no symbol"
            elif symbol in shares:
                wrong, remedy = f"{symbol} stands twice", "write its whole percent once"
            else:
                wrong = f"{part.strip()!r} is below zero"
                remedy += "; --short allows it" if option == "--target" else ""
            problems.append(Problem(option, None, "", wrong, remedy))
            continue
        shares[symbol] = share
    total = sum(shares.values(), Decimal(0))
    if not problems and total != 100:
        wrong = f"it adds up to {total:f}, not to 100"
        remedy = "the rest may be CASH" if option == "--target" else "name every part"
        remedy = meant_in_percent(shares, due=100) or remedy
        problems.append(Problem(option, None, "", wrong, remedy))
    return {symbol: float(share / 100) for symbol, share in shares.items()}, problems


# -- this portfolio -------------------------------------------------------------------------------


def _this_portfolio(args: argparse.Namespace) -> Studied:
    from decimal import Decimal
    from pathlib import Path

    from trimtab.adapters.portfolio_folder import read_portfolio
    from trimtab.adapters.portfolio_prices import portfolio_prices
    from trimtab.adapters.toml_table import number_text
    from trimtab.model.errors import RefusedError

    if args.target or args.target_file:
        raise RefusedError(
            "--target and --target-file go with --prices; here the portfolio's count"
        )
    if args.currency:
        raise RefusedError("--currency goes with --prices; here the portfolio's counts")
    portfolio = read_portfolio(folder_of(args))
    prices = portfolio_prices(portfolio, fx=args.fx)
    bps = number_text(portfolio.fx_bps.get("", Decimal(0)))
    own = replace(_of(portfolio, prices), calendar=portfolio.calendar, fx_bps=bps)
    asked = getattr(args, "beside", None)
    if asked is None:
        return replace(own, prices=prices.select(own.symbols)) if own.moves else own
    beside = read_portfolio(Path(asked))
    other = replace(_of(beside, prices), calendar=beside.calendar)
    remark = f"{own.remark} {other.name} is shown over the same prices, at the same costs."
    if own.moves or other.moves:
        # Targets that are made from prices see all of them, so only those that count.
        prices = prices.select(list(dict.fromkeys([*own.symbols, *other.symbols])))
    return replace(own, prices=prices, remark=remark, beside=other)


def _of(portfolio: Portfolio, prices: PriceHistory) -> Studied:
    """A portfolio's target and policy over prices."""
    from trimtab.costs import Costs
    from trimtab.model.instruments import CASH

    mandate = portfolio.mandate
    words = f"{mandate.when} to {mandate.to}"
    costs = mandate.costs.get("", Costs())
    name = portfolio.folder.resolve().name
    if portfolio.moving is not None:
        return replace(_moving(portfolio, prices), costs=costs, policy=words, name=name)
    target, chosen = _sleeves(portfolio, prices)
    sleeves = ", ".join(f"{leaf} {symbol}" for leaf, symbol in chosen)
    remark = f"This portfolio: {words}. Stands for each sleeve: {sleeves}."
    symbols = tuple(dict.fromkeys(symbol for _, symbol in chosen if symbol != CASH))
    return Studied(prices, target, costs, words, remark, name=name, symbols=symbols)


def _moving(portfolio: Portfolio, prices: PriceHistory) -> Studied:
    """A portfolio whose target is found from prices, with what it is found from."""
    from trimtab.adapters.portfolio_prices import portfolio_series
    from trimtab.costs import Costs
    from trimtab.model.errors import InputError
    from trimtab.simulate.research.found_aim import FoundAim, by_symbol, equal_shares
    from trimtab.targets.moving.mover import stand_ins

    moving, mandate = portfolio.moving, portfolio.mandate
    assert moving is not None, "the target moves"
    known = stand_ins(moving.tree, portfolio.household.instruments, prices.symbols)
    needed = [leaf for leaf in moving.tree.leaves() if not leaf.is_cash]
    problems = [
        _no_prices(leaf.name, leaf.hold, prices.symbols)
        for leaf in needed
        if leaf.name not in known
    ]
    if problems:
        raise InputError(problems)
    sleeves = ", ".join(f"{leaf} {symbol}" for leaf, symbol in known.items())
    how = (
        f"Its target is found from prices as they were then: {moving.words}; nothing in it has "
        "seen a later one. Equal shares need no prices."
    )
    if moving.cppi is not None:
        how = f"Its target is a {moving.cppi.words}, the rest in {moving.cppi.safe}."
    elif moving.glide is not None:
        how = f"Its target follows a {moving.words}."
    remark = (
        f"This portfolio: {mandate.when} to {mandate.to}. {how} Stands for each sleeve: {sleeves}."
    )
    return Studied(
        prices,
        FoundAim(moving, known, portfolio.calendar, portfolio_series(portfolio)),
        Costs(),
        remark=remark,
        equal=None if moving.glide else by_symbol(equal_shares(moving), known),
        moves=True,
        symbols=tuple(dict.fromkeys(known.values())),
    )


def _no_prices(leaf: str, hold: Sequence[str], priced: Sequence[str]) -> Problem:
    from trimtab.adapters.portfolio_tables.notes import nearest
    from trimtab.model.errors import Problem

    wrong = f"none of {', '.join(hold)} has prices" if len(hold) > 1 else f"{hold[0]} has no prices"
    meant = next((near for one in hold if (near := nearest(one, priced))), "")
    remedy = 'name a stand-in: history = "SYMBOL" under [instruments.NAME]'
    if meant:
        remedy = f"did you mean {meant}? Or {remedy}"
    return Problem("portfolio.toml", None, f"target.{leaf}", wrong, remedy)


def _sleeves(portfolio: Portfolio, prices: PriceHistory) -> tuple[Sleeve, list[tuple[str, str]]]:
    """The target by symbol: each leaf by the first of its instruments that has a history."""
    from trimtab.model.errors import InputError, RefusedError
    from trimtab.model.instruments import CASH

    root = portfolio.mandate.target
    if root is None:
        raise RefusedError(
            "this portfolio has no one target of given percents to run over history; use "
            "--prices with --target"
        )
    instruments = portfolio.household.instruments
    chosen: list[tuple[str, str]] = []
    problems = []
    for leaf in root.leaves():
        names = [
            symbol
            for id_ in leaf.hold
            for symbol in (instruments[id_].history or "" if id_ in instruments else "", id_)
            if symbol
        ]
        found = next((one for one in names if one == CASH or one in prices.symbols), None)
        if found is None:
            problems.append(_no_prices(leaf.name, leaf.hold, prices.symbols))
            continue
        chosen.append((leaf.name, found))
    if problems:
        raise InputError(problems)
    return _standing_in(root, dict(chosen)), chosen


def stand_ins(
    portfolio: Portfolio, *, fx: str | None = None
) -> tuple[PriceHistory, list[tuple[str, str]]]:
    """The prices of a portfolio, and of each leaf of its target the symbol that stands for it."""
    from trimtab.adapters.portfolio_prices import portfolio_prices
    from trimtab.targets.moving import mover

    prices = portfolio_prices(portfolio, fx=fx)
    if portfolio.moving is None:
        return prices, _sleeves(portfolio, prices)[1]
    instruments = portfolio.household.instruments
    known = mover.stand_ins(portfolio.moving.tree, instruments, prices.symbols)
    return prices, list(known.items())


def _standing_in(sleeve: Sleeve, chosen: Mapping[str, str]) -> Sleeve:
    """The same tree with one symbol for each leaf."""
    if sleeve.is_leaf:
        return replace(sleeve, hold=(chosen[sleeve.name],))
    return replace(sleeve, children=tuple(_standing_in(one, chosen) for one in sleeve.children))
