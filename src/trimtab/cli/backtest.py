"""`trimtab backtest`: policies over history, of this portfolio or of any prices and target."""

from __future__ import annotations

import argparse

from trimtab.cli.options import add_folder, add_json, command, day, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from typing import Any

    from trimtab.adapters.portfolio_folder import Portfolio
    from trimtab.cli.options import Commands
    from trimtab.costs import Costs
    from trimtab.model.findings import Finding
    from trimtab.model.policy import Policy
    from trimtab.model.sleeves import Sleeve
    from trimtab.simulate.history import PriceHistory
    from trimtab.simulate.results import Backtest

EPILOG = """\
examples:
  trimtab backtest                                 this portfolio's policy, beside doing nothing
                                                   and the common alternatives
  trimtab backtest --account-mode --start 2008-01-02   the same in whole shares, lots and tax
  trimtab backtest --prices etf.csv --target SPY=60,AGG=40 --when monthly --cost-bps 10
  trimtab backtest --prices etf.csv --target SPY=60,AGG=40 --policy never --policy "band:5pp"
"""

ALTERNATIVES = ("never", "annual", "quarterly", "monthly", "band:5pp", "band:5pp to half")
"""What a portfolio's own policy is shown beside."""

START = 100_000


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "backtest",
        "policies over history, side by side",
        description="Run policies over history. In a portfolio folder: its own policy beside "
        "doing nothing and the common alternatives. With --prices: any prices and target.",
        epilog=EPILOG,
    )
    add_folder(parser, again=True)
    parser.add_argument(
        "--prices", metavar="FILE", help="prices: CSV, Parquet, or a folder of them"
    )
    parser.add_argument("--target", metavar="S=P,...", help="percent by symbol, adding up to 100")
    parser.add_argument(
        "--target-file", metavar="FILE", help="dated targets: date, one column a symbol, percent"
    )
    parser.add_argument(
        "--when",
        help="when to act: monthly, band:5pp, ... (default: monthly, unless --policy is given)",
    )
    parser.add_argument("--to", help="how far to trade: target, edge, half (default: target)")
    parser.add_argument(
        "--policy",
        metavar="POLICY",
        action="append",
        default=[],
        help='a policy to run, as "band:5pp to half", beside that of --when and --to if they are '
        "given, and beside this portfolio's own without --prices (repeatable)",
    )
    parser.add_argument(
        "--cost-bps", metavar="BPS", type=_bps, help="cost of what is traded, in basis points"
    )
    parser.add_argument("--cash", metavar="AMOUNT", type=_cash, help="what to start with")
    parser.add_argument(
        "--cash-rate", metavar="PERCENT", type=_rate, default=0.0, help="a year's interest on CASH"
    )
    parser.add_argument("--start", metavar="DATE", type=day, help="the first day that may count")
    parser.add_argument("--end", metavar="DATE", type=day, help="the last day that may count")
    parser.add_argument(
        "--trade-at",
        choices=("close", "next-open", "next-close"),
        help="where a decision is carried out (default: close)",
    )
    parser.add_argument(
        "--account-mode",
        action="store_true",
        help="this portfolio's accounts with whole shares, lots, dividends and tax, by the same "
        "code as plan and apply (slower)",
    )
    parser.add_argument("--out", metavar="DIR", help="write figures, curves, weights and trades")
    parser.add_argument("--report", metavar="FILE", help="write one HTML file with the curves")
    add_json(parser)


def _number(text: str, what: str, least: float, most: float) -> float:
    from trimtab.model.numbers import NumberError, decimal_from

    try:
        value = float(decimal_from(text))
    except NumberError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r}: {what} is from {least:g} to {most:g}")
    return value


def _bps(text: str) -> str:
    _number(text, "a cost in basis points", 0, 9_999)
    return text.strip()


def _cash(text: str) -> float:
    return _number(text, "an amount to start with", 0.01, 1e15)


def _rate(text: str) -> float:
    return _number(text, "a rate in percent", -99, 999) / 100


def run(args: argparse.Namespace) -> int:
    """Run the policies and show them."""
    from trimtab.cli.screen import emit, progress, say, screen

    if args.account_mode:
        return _in_accounts(args)
    progress("reading prices")
    try:
        result, remarks = _of_prices(args) if args.prices else _of_portfolio(args)
    finally:
        progress("")
    saved = _written(result, args)
    if args.json:
        emit(result.to_dict())
        return 0
    from trimtab.reports.backtest_text import backtest_text
    from trimtab.reports.layout import wrapped

    on = screen()
    more = ["\n".join(wrapped(remark, on.width)) for remark in [*remarks, *saved]]
    say("\n\n".join([backtest_text(result, width=on.width, look=on.look), *more]))
    return 0


def _written(result: Backtest, args: argparse.Namespace) -> list[str]:

    from pathlib import Path

    saved = []
    if args.out:
        from trimtab.cli.backtest_files import write_backtest

        write_backtest(result, Path(args.out))
        saved.append(f"Wrote {args.out}")
    if args.report:
        from trimtab.reports.backtest_html import backtest_html

        Path(args.report).write_text(backtest_html(result), encoding="utf-8")
        saved.append(f"Wrote {args.report}")
    return ["     ".join(saved)] if saved else []


# -- this portfolio's accounts --------------------------------------------------------------------

ACCOUNT_ALTERNATIVES = ("never", "annual")
"""What a portfolio's own policy is shown beside in account mode, where a run takes seconds."""


def _in_accounts(args: argparse.Namespace) -> int:
    from decimal import Decimal

    from trimtab.cli.screen import emit, progress, say, screen
    from trimtab.live.book import open_book
    from trimtab.live.history import account_runs
    from trimtab.model.errors import RefusedError
    from trimtab.model.policy import Policy, parse_policy

    for given, flag in (
        (args.prices, "--prices"),
        (args.target, "--target"),
        (args.target_file, "--target-file"),
        (args.cost_bps, "--cost-bps"),
        (args.out, "--out"),
        (args.report, "--report"),
        (args.trade_at not in (None, "close"), f"--trade-at {args.trade_at}"),
    ):
        if given:
            raise RefusedError(
                f"{flag} does not go with --account-mode, which runs this portfolio's accounts at "
                "their own costs and trades at the close"
            )
    book = open_book(folder_of(args))
    mandate = book.mandate()
    own = Policy(None, mandate.when, mandate.to, "this portfolio")
    asked = args.policy or ([] if args.when or args.to else list(ACCOUNT_ALTERNATIVES))
    if args.when or args.to:
        asked.insert(0, f"{args.when or 'monthly'} to {args.to or 'target'}")
    made = {own.words: own}
    for words in asked:
        when, to = parse_policy(words)
        policy = Policy(None, when, to, _name(str(when), str(to)))
        made.setdefault(policy.words, policy)

    def shown(name: str, day: date) -> None:
        if day.day == 1 or day.weekday() == 0:
            progress(f"{name}: {day}")

    try:
        runs = account_runs(
            book,
            list(made.values()),
            start=args.start,
            end=args.end,
            cash=None if args.cash is None else Decimal(str(args.cash)),
            on_session=shown,
        )
    finally:
        progress("")
    if args.json:
        figures = [{"name": run.name, **run.to_dict()} for run in runs]
        emit(figures[0] if len(figures) == 1 else {"policies": figures})
        return 0
    from trimtab.reports.backtest_text import accounts_text

    on = screen()
    say(accounts_text(runs, width=on.width, look=on.look))
    return 0


# -- any prices -----------------------------------------------------------------------------------


def _of_prices(args: argparse.Namespace) -> tuple[Backtest, list[str]]:
    from trimtab.adapters.price_frames import read_dated_targets, read_prices
    from trimtab.costs import Costs
    from trimtab.model.errors import RefusedError
    from trimtab.simulate.backtest import backtest

    if bool(args.target) == bool(args.target_file):
        raise RefusedError(
            "give --target SYMBOL=PERCENT,... or --target-file FILE, one of them: with --prices "
            "nothing is taken from a portfolio folder"
        )
    target: object = (
        read_dated_targets(args.target_file) if args.target_file else _target(args.target)
    )
    policies = _policies(args, target, ())
    result = backtest(
        read_prices(args.prices),
        policies,
        costs=Costs(bps=args.cost_bps or "0"),
        cash=args.cash or START,
        trade_at=args.trade_at,
        start=args.start,
        end=args.end,
        cash_rate=args.cash_rate,
    )
    return result, []


def _target(text: str) -> dict[str, float]:
    """`SPY=60,AGG=40` as fractions; it has to add up to 100, exactly."""
    from decimal import Decimal

    from trimtab.model.errors import InputError, Problem
    from trimtab.model.numbers import NumberError, decimal_from

    shares: dict[str, Decimal] = {}
    problems = []
    for part in text.split(","):
        symbol, _, number = part.strip().rpartition("=")
        try:
            share = decimal_from(number)
        except NumberError as error:
            problems.append(Problem("--target", None, symbol, str(error), "write SPY=60,AGG=40"))
            continue
        if not symbol or symbol in shares or share < 0:
            wrong = f"{part.strip()!r} has no symbol, one that stands twice, or is below zero"
            problems.append(Problem("--target", None, "", wrong, "write SPY=60,AGG=40"))
            continue
        shares[symbol] = share
    total = sum(shares.values(), Decimal(0))
    if not problems and total != 100:
        wrong = f"it adds up to {total:f}, not to 100"
        problems.append(Problem("--target", None, "", wrong, "the rest may be CASH"))
    if problems:
        raise InputError(problems)
    return {symbol: float(share / 100) for symbol, share in shares.items()}


def _policies(
    args: argparse.Namespace, target: object, own: Sequence[tuple[str, str]]
) -> list[Policy]:
    """The policies asked for: our own first, then those of --when, --to and --policy."""
    from trimtab.model.policy import Policy, parse_policy

    asked = [(words, "") for words in args.policy]
    if args.when or args.to or not (asked or own):
        asked.insert(0, (f"{args.when or 'monthly'} to {args.to or 'target'}", ""))
    if own and not (args.when or args.to or args.policy):
        asked = [(words, "") for words in ALTERNATIVES]
    made: dict[str, Policy] = {}
    for words, name in (*own, *asked):
        when, to = parse_policy(words)
        policy = Policy(target, when, to, name or _name(str(when), str(to)))
        made.setdefault(policy.words, policy)
    return list(made.values())


def _name(when: str, to: str) -> str:
    """What a policy is called in a table: nothing is said of `to target`, which is the rule."""
    if when == "never":
        return "never (do nothing)"
    return when if to == "target" else f"{when} to {to}"


# -- this portfolio -------------------------------------------------------------------------------


def _of_portfolio(args: argparse.Namespace) -> tuple[Backtest, list[str]]:
    from trimtab.adapters.portfolio_folder import read_portfolio
    from trimtab.model.errors import RefusedError
    from trimtab.simulate.backtest import backtest

    if args.target or args.target_file:
        raise RefusedError(
            "--target and --target-file go with --prices; here the portfolio's count"
        )
    portfolio = read_portfolio(folder_of(args))
    prices = _prices_of(portfolio)
    target, chosen = _sleeves(portfolio, prices)
    mandate = portfolio.mandate
    words = f"{mandate.when} to {mandate.to}"
    own = ((words, "this portfolio"),)
    result = backtest(
        prices,
        _policies(args, target, own),
        costs=_costs(args, portfolio),
        cash=args.cash or START,
        trade_at=args.trade_at,
        start=args.start,
        end=args.end,
        cash_rate=args.cash_rate,
    )
    sleeves = ", ".join(f"{leaf} {symbol}" for leaf, symbol in chosen)
    return result, [f"This portfolio: {words}. Stands for each sleeve: {sleeves}."]


def _costs(args: argparse.Namespace, portfolio: Portfolio) -> Costs:
    """Costs as asked, else those of the portfolio."""
    from trimtab.costs import Costs

    if args.cost_bps is not None:
        return Costs(bps=args.cost_bps)
    return portfolio.mandate.costs.get("", Costs())


def _prices_of(portfolio: Portfolio) -> PriceHistory:
    from trimtab.adapters.price_frames import read_prices
    from trimtab.model.errors import RefusedError

    histories = [read_prices(path) for path in portfolio.prices if path.exists()]
    if not histories:
        raise RefusedError("the portfolio names no price file that is there (prices = ...)")
    return histories[0] if len(histories) == 1 else _together(histories)


def _together(histories: Sequence[PriceHistory]) -> PriceHistory:
    """Several price files as one; the first that has a symbol counts for it."""
    from dataclasses import replace

    import numpy as np

    days = np.unique(np.concatenate([one.dates for one in histories]))
    columns: dict[str, Any] = {}
    findings: list[Finding] = []
    for one in histories:
        place = np.searchsorted(days, one.dates)
        findings.extend(one.findings)
        for i, symbol in enumerate(one.symbols):
            if symbol not in columns:
                column: Any = np.full(len(days), np.nan)
                column[place] = one.close[:, i]
                columns[symbol] = column
    close = np.column_stack(list(columns.values()))
    return replace(
        histories[0],
        dates=days,
        symbols=tuple(columns),
        close=close,
        open=None,
        findings=tuple(findings),
    )


def _sleeves(portfolio: Portfolio, prices: PriceHistory) -> tuple[Sleeve, list[tuple[str, str]]]:
    """The target by symbol: each leaf by the first of its instruments that has a history."""
    from trimtab.model.errors import InputError, Problem, RefusedError
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
            wrong = f"none of {', '.join(leaf.hold)} has prices"
            remedy = 'name a stand-in: history = "SYMBOL" under [instruments.NAME]'
            problems.append(Problem("portfolio.toml", None, f"target.{leaf.name}", wrong, remedy))
            continue
        chosen.append((leaf.name, found))
    if problems:
        raise InputError(problems)
    return _standing_in(root, dict(chosen)), chosen


def _standing_in(sleeve: Sleeve, chosen: Mapping[str, str]) -> Sleeve:
    """The same tree with one symbol for each leaf."""
    from dataclasses import replace

    if sleeve.is_leaf:
        return replace(sleeve, hold=(chosen[sleeve.name],))
    return replace(sleeve, children=tuple(_standing_in(one, chosen) for one in sleeve.children))
