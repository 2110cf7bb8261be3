"""`trimtab backtest`: policies over history, of this portfolio or of any prices and target."""

from __future__ import annotations

import argparse

from trimtab.cli.begins import begins_with
from trimtab.cli.conditions import (
    account_terms_of,
    add_conditions,
    conditions_given,
    conditions_of,
    costs_by,
    flags_of,
)
from trimtab.cli.drawing import pictures_or_page
from trimtab.cli.missing_prices import add_missing, exchanging, missing_asked, missing_of
from trimtab.cli.options import add_json, command, folder_of
from trimtab.cli.report_file import add_report
from trimtab.cli.studied import POLICIES, add_studied, studied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trimtab.cli.options import Commands
    from trimtab.cli.studied import Studied
    from trimtab.live.book import OpenBook
    from trimtab.model.policy import Policy
    from trimtab.simulate.accounts.paths import AccountPaths
    from trimtab.simulate.accounts.run import AccountRun
    from trimtab.simulate.research.results import Backtest
    from trimtab.simulate.uncertainty.outcomes import Outcomes

EPILOG = """\
examples:
  trimtab backtest                                 this portfolio's policy, beside doing nothing
                                                   and the common alternatives
  trimtab backtest --report out.html               the same as a page with charts, what is noise
                                                   and what is not
  trimtab backtest --account-mode --start 2008-01-02   the same in whole shares and lots, tax
                                                   paid when it is due; takes --report too
  trimtab backtest --prices etf.csv --target SPY=60,AGG=40 --when monthly --cost-bps 10
  trimtab backtest --prices etf.csv --target SPY=60,AGG=40 --policy never --policy "band:5pp"
  trimtab backtest --beside ../other               this portfolio beside another one
  trimtab backtest --cash 500000 --withdraw 4%/year --fee-percent 0.2
"""

ALTERNATIVES = ("never", "annual", "quarterly", "monthly", "band:5pp", "band:5pp to half")
"""What a portfolio's own policy is shown beside."""


TAX = ("paid", "counted")
"""What becomes of the tax of account mode."""

LEAST_PATHS, USUAL_PATHS, MOST_PATHS = 100, 1_000, 100_000
"""Shuffled histories of a report: at least, usually, and at most."""

PATHS_TIMES_SESSIONS = 8_000_000
"""Sessions of all policies on all paths that a report shuffles unless told: a few seconds."""


TIMES_SLOWER = 4
"""How much longer a run takes that goes session by session."""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "backtest",
        "policies over history, side by side",
        description="Run policies over history. In a portfolio folder: its own policy beside "
        "doing nothing and the common alternatives. With --prices: any prices and target.",
        epilog=POLICIES + EPILOG,
    )
    add_studied(parser)
    add_missing(parser)
    parser.add_argument(
        "--when",
        help="when to act, in the words below (default: monthly, unless --policy is given)",
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
        "--beside",
        metavar="FOLDER",
        help="another portfolio's target and policy, over this one's prices and at its costs",
    )
    parser.add_argument(
        "--account-mode",
        action="store_true",
        help="this portfolio's accounts with whole shares, lots, dividends and tax, by the same "
        "code as plan and apply (slower)",
    )
    parser.add_argument(
        "--tax",
        choices=TAX,
        help="with --account-mode: pay tax when it is due, out of the account that sold, or only "
        "count it (default: paid)",
    )
    parser.add_argument(
        "--start-from",
        choices=("cash", "lots"),
        help="with --account-mode: each account starts with its present worth in cash, or with its "
        "present lots, as old and with as much gain in proportion as they are now (default: cash)",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="write figures, curves, weights and trades; over those of an earlier run"
        ", and over nothing else",
    )
    add_report(parser)
    parser.add_argument(
        "--png",
        metavar="DIR",
        help="write the same figures as PNG; needs pip install trimtab[plot]",
    )
    parser.add_argument(
        "--paths",
        metavar="N",
        type=_paths,
        help="shuffled histories that tell --report and --png what is noise (0: none; default: as "
        "many as take a few seconds, 1,000 at most); with --account-mode: of this portfolio's "
        "policy against each of the others, after tax (default: none; 100 of five years take "
        "about a minute for two policies on two free cores, half of that more for each further)",
    )
    add_json(parser)
    add_conditions(parser)


def run(args: argparse.Namespace) -> int:
    """Run the policies and show them."""
    from trimtab.cli.screen import emit, progress, say, screen, towards_charts
    from trimtab.model.errors import RefusedError

    if args.account_mode:
        return _in_accounts(args)
    if args.tax:
        raise RefusedError("--tax goes with --account-mode: research mode knows no taxes")
    if args.start_from:
        raise RefusedError("--start-from goes with --account-mode: research mode knows no lots")
    replaced = _need_own(args)
    pictures_or_page(args)
    progress("reading prices")
    try:
        result, remarks, is_found = _in_research(args)
    finally:
        progress("")
    if is_found and args.paths is None:
        args.paths = 0
        if args.report or args.png:
            remarks.append(UNTRIED)
    saved = _written(result, args, remarks, replaced)
    if args.json:
        from trimtab.reports.plan_json import findings_json

        emit({**result.to_dict(), "findings": findings_json(result.findings)})
        return 0
    from trimtab.reports.backtest_text import backtest_text
    from trimtab.reports.layout import wrapped

    on = screen()
    told = [*remarks, *saved, *towards_charts(args.report, args.png)]
    more = ["\n".join(wrapped(remark, on.width)) for remark in told]
    say("\n\n".join([backtest_text(result, width=on.width, look=on.look), *more]))
    return 0


def _paths(text: str) -> int:
    """A number of shuffled histories."""
    if not (text.isascii() and text.isdigit() and int(text) <= MOST_PATHS):
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 0 to {MOST_PATHS:,}")
    return int(text)


def _need_own(args: argparse.Namespace) -> list[str]:
    """What of an earlier backtest will be replaced; other people's files are refused first."""
    from pathlib import Path

    from trimtab.cli.backtest_files import need_own

    out, report = (None if name is None else Path(name) for name in (args.out, args.report))
    return need_own(out, report)


def _wrote(name: str, replaced: Sequence[str]) -> str:
    from pathlib import Path

    return f"Wrote {name}{' over an earlier run' if str(Path(name)) in replaced else ''}"


def _written(
    result: Backtest, args: argparse.Namespace, remarks: Sequence[str], replaced: Sequence[str]
) -> list[str]:
    from pathlib import Path

    from trimtab.cli.screen import progress

    saved = []
    if args.out:
        from trimtab.cli.backtest_files import write_backtest

        write_backtest(result, Path(args.out))
        saved.append(_wrote(args.out, replaced))
    outcomes, untried = None, list[str]()
    if args.report or args.png:
        try:
            outcomes, untried = _shuffled(result, args.paths)
        finally:
            progress("")
    if args.report:
        from trimtab.reports.backtest_html import backtest_html

        page = backtest_html(result, outcomes=outcomes, remarks=[*remarks, *untried])
        Path(args.report).write_text(page, encoding="utf-8")
        saved.append(_wrote(args.report, replaced))
    if args.png:
        from trimtab.reports.figures_png import pictures, png

        folder = Path(args.png)
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in pictures(result, outcomes).items():
            (folder / f"{name}.png").write_bytes(png(figure))
        saved.append(f"Wrote {args.png}")
    return ["     ".join(saved)] if saved else []


def _shuffled(result: Backtest, paths: int | None) -> tuple[Outcomes | None, list[str]]:
    """The policies over shuffled histories, or why that was not tried."""
    from trimtab.cli.patience import counting
    from trimtab.cli.screen import progress
    from trimtab.simulate.uncertainty.bootstrap import bootstrap

    if paths is None:
        work = sum(one.sessions for one in result.policies)
        if result.ready is not None and result.ready.rules.is_daily:
            work *= TIMES_SLOWER
        paths = max(LEAST_PATHS, min(USUAL_PATHS, PATHS_TIMES_SESSIONS // work))
    if paths == 0:
        return None, []
    progress(f"shuffling history {paths:,} times (longer the first time)")
    told = counting(paths, "shuffled histories")
    try:
        return bootstrap(result, paths=paths, on_progress=told), []
    except ValueError as error:
        return None, [f"Differences were not tried for noise: {error}."]


# -- this portfolio's accounts --------------------------------------------------------------------

SHORT_OR_LENT = (
    "{} will not go with --account-mode: a plan is long only and spends no cash that is not there, "
    "since its lots are bought before they are sold. Research mode runs short positions and loans, "
    "with what they cost a year: trimtab backtest --prices prices.csv --target SPY=130,AGG=-30 "
    "--short --borrow-bps 80, or --target SPY=150,CASH=-50 --short --loan-rate 6, with your own "
    "file and symbols. Leave out --account-mode"
)

ACCOUNT_ALTERNATIVES = ("never", "annual")
"""What a portfolio's own policy is shown beside in account mode, where a run takes seconds."""


def _in_accounts(args: argparse.Namespace) -> int:
    from decimal import Decimal

    from trimtab.cli.asked import runs_asked
    from trimtab.cli.patience import policies_told
    from trimtab.cli.screen import emit, progress, say, screen, towards_charts
    from trimtab.live.book import open_book
    from trimtab.live.history import account_runs
    from trimtab.model.errors import RefusedError
    from trimtab.model.policy import Policy, parse_policy

    for given, flag in (
        (args.short, "--short"),
        (args.borrow_bps, "--borrow-bps"),
        (args.loan_rate, "--loan-rate"),
    ):
        if given is not None:
            raise RefusedError(SHORT_OR_LENT.format(flag))
    for given, flag in (
        (args.prices, "--prices"),
        (args.target, "--target"),
        (args.target_file, "--target-file"),
        (args.beside, "--beside"),
        (conditions_given(args), flags_of(conditions_given(args) or [""])),
    ):
        if given:
            raise RefusedError(
                f"{flag} will not go with --account-mode, which runs this portfolio's accounts at "
                "their own costs"
            )
    for given, flag in missing_asked(args):
        if given:
            raise RefusedError(
                f"{flag} will not go with --account-mode, which freezes what has no price, as plan "
                "does"
            )
    replaced = _need_own(args)
    pictures_or_page(args)
    book = exchanging(args, open_book(folder_of(args)))
    mandate = book.portfolio.mandate
    own = Policy(None, mandate.when, mandate.to, "this portfolio")
    asked = args.policy or ([] if args.when or args.to else list(ACCOUNT_ALTERNATIVES))
    if args.when or args.to:
        asked.insert(0, f"{args.when or 'monthly'} to {args.to or 'target'}")
    made = {own.words: own}
    for words in asked:
        when, to = parse_policy(words)
        policy = Policy(None, when, to, _name(str(when), str(to)))
        made.setdefault(policy.words, policy)
    moving = book.portfolio.moving
    if moving is not None and moving.glide is None and not (args.when or args.to or args.policy):
        from trimtab.simulate.research.found_aim import equal_shares

        made[EQUAL] = Policy(equal_shares(moving), own.when, own.to, EQUAL)

    progress("reading prices")
    try:
        runs = runs_asked(
            account_runs(
                book,
                list(made.values()),
                start=args.start,
                end=args.end,
                cash=None if args.cash is None else Decimal(str(args.cash)),
                pay_tax=args.tax != "counted",
                terms=account_terms_of(args),
                start_from=args.start_from or "cash",
                on_session=policies_told([policy.label for policy in made.values()]),
            )
        )
    finally:
        progress("")
    shuffled, took = _accounts_shuffled(args, book, list(made.values()), runs)
    saved = _accounts_written(args, runs, shuffled, replaced)
    if args.json:
        from trimtab.cli.backtest_files import accounts_json

        emit(accounts_json(runs, shuffled))
        return 0
    from trimtab.reports.backtest_text import accounts_text

    on = screen()
    say(accounts_text(runs, shuffled, took=took, width=on.width, look=on.look))
    if saved:
        say("\n" + "     ".join(saved))
    for line in towards_charts(args.report, args.png):
        say(f"\n{line}")
    return 0


def _accounts_written(
    args: argparse.Namespace,
    runs: Sequence[AccountRun],
    shuffled: AccountPaths | None,
    replaced: Sequence[str],
) -> list[str]:
    """Write what was asked for: files, a page, pictures; what was written."""
    from pathlib import Path

    saved = []
    if args.out:
        from trimtab.cli.backtest_files import write_accounts

        write_accounts(runs, Path(args.out), shuffled)
        saved.append(_wrote(args.out, replaced))
    if args.report:
        from trimtab.reports.backtest_html import accounts_html

        Path(args.report).write_text(accounts_html(runs, shuffled=shuffled), encoding="utf-8")
        saved.append(_wrote(args.report, replaced))
    if args.png:
        from trimtab.reports.figures_png import account_pictures, png

        folder = Path(args.png)
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in account_pictures(runs, shuffled).items():
            (folder / f"{name}.png").write_bytes(png(figure))
        saved.append(f"Wrote {args.png}")
    return saved


def _accounts_shuffled(
    args: argparse.Namespace,
    book: OpenBook,
    policies: Sequence[Policy],
    runs: Sequence[AccountRun],
) -> tuple[AccountPaths | None, float]:
    """The own policy against each other over shuffled histories, and the seconds it took."""
    from decimal import Decimal
    from os import cpu_count
    from time import monotonic

    from trimtab.cli.screen import progress
    from trimtab.live.history import account_paths
    from trimtab.model.errors import RefusedError

    if not args.paths:
        return None, 0.0
    if len(policies) < 2:
        raise RefusedError("--paths compares this portfolio's policy with another: add --policy")
    begun = monotonic()

    def shown(done: int) -> None:
        left = (monotonic() - begun) * (args.paths - done) / done
        progress(f"{done:,} of {args.paths:,} shuffled histories, about {left:.0f} s left")

    progress(f"shuffling history {args.paths:,} times")
    try:
        found = account_paths(
            book,
            policies,
            observed=runs,
            start=args.start,
            end=args.end,
            cash=None if args.cash is None else Decimal(str(args.cash)),
            pay_tax=args.tax != "counted",
            terms=account_terms_of(args),
            start_from=args.start_from or "cash",
            paths=args.paths,
            processes=cpu_count() or 1,
            on_progress=shown,
        )
    finally:
        progress("")
    return found, monotonic() - begun


# -- any prices, or what stands for this portfolio's sleeves ---------------------------------------


def _in_research(args: argparse.Namespace) -> tuple[Backtest, list[str], bool]:
    """The run, what to say with it, and whether its target is found from prices."""
    from trimtab.simulate.research.backtest import backtest

    conditions = conditions_of(args)
    found = studied(args)
    begins = begins_with(args, found)
    own = ((found.policy, "this portfolio"),) if found.policy else ()
    result = backtest(
        found.prices,
        [*_policies(args, found, own), *_beside(args, found)],
        costs=costs_by(args, found.costs),
        cash=begins.cash,
        trade_at=args.trade_at,
        start=args.start,
        end=args.end,
        cash_rate=args.cash_rate,
        **conditions,
        **missing_of(args, found),
    )
    remarks = [one for one in (found.remark, begins.remark) if one]
    return result, remarks, found.moves


UNTRIED = (
    "Differences were not tried for noise: on each shuffled history the target would have to be "
    "found anew, which takes long. --paths 50 does it."
)

EQUAL = "equal shares"
"""What a policy is called whose target is not found but divided equally."""


def _beside(args: argparse.Namespace, found: Studied) -> list[Policy]:
    """What the portfolio is shown beside that has another target: equal shares, where its own is
    found from prices, and another portfolio.
    """
    from trimtab.model.policy import Policy, parse_policy, parse_when

    beside = []
    if found.equal is not None and not (args.when or args.to):
        when, to = parse_policy(found.policy)
        if when.needs_prices:
            when = parse_when("monthly")
        beside.append(Policy(found.equal, when, to, EQUAL))
    if found.beside is not None:
        when, to = parse_policy(found.beside.policy)
        beside.append(Policy(found.beside.aim(when), when, to, found.beside.name))
    return beside


def _policies(
    args: argparse.Namespace, found: Studied, own: Sequence[tuple[str, str]]
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
        policy = Policy(found.aim(when), when, to, name or _name(str(when), str(to)))
        made.setdefault(policy.words, policy)
    return list(made.values())


def _name(when: str, to: str) -> str:
    """What a policy is called in a table: nothing is said of `to target`, which is the rule."""
    if when == "never":
        return "never (do nothing)"
    return when if to == "target" else f"{when} to {to}"
