"""`trimtab advise`: whether to keep this portfolio's policy, or which other one to take."""

from __future__ import annotations

import argparse

from trimtab.cli.begins import begins_with
from trimtab.cli.conditions import account_terms_of, add_conditions, conditions_of, costs_by
from trimtab.cli.missing_prices import add_missing, exchanging, missing_of
from trimtab.cli.options import add_json, command, folder_of
from trimtab.cli.report_file import add_report, check_report, write_report
from trimtab.cli.studied import POLICIES, add_studied, rate, refuse_worth, studied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.cli.options import Commands
    from trimtab.cli.studied import Studied
    from trimtab.model.policy import When
    from trimtab.simulate.accounts.run import AccountRun
    from trimtab.simulate.choosing.advice import Advice

EPILOG = """\
examples:
  trimtab advise                                this portfolio, at its costs and with its tax
  trimtab advise --risk-aversion 6              distance from the target counts twice as much
  trimtab advise --report advice.html           the same as a page with a chart and every policy
  trimtab advise --prices etf.csv --target SPY=60,AGG=40 --when monthly --cost-bps 10
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "advise",
        "whether to keep the policy, or which other one to take",
        description="Run many policies over the same shuffled histories and weigh what each takes "
        "a year on average: trading costs, tax, and distance from the target. Another is advised "
        "where it takes materially and surely less than this one. Nothing is changed.",
        epilog=POLICIES + EPILOG,
    )
    add_studied(parser)
    add_missing(parser)
    parser.add_argument(
        "--when", metavar="WHEN", help="with --prices: when your policy acts (default: monthly)"
    )
    parser.add_argument(
        "--to", metavar="TO", help="with --prices: how far it trades (default: target)"
    )
    parser.add_argument(
        "--tax-percent",
        metavar="PERCENT",
        type=rate,
        help="tax in percent of the money that is turned over (default in a portfolio folder: "
        "what its own policy would have paid in its accounts)",
    )
    parser.add_argument(
        "--risk-aversion",
        metavar="N",
        type=float,
        default=3.0,
        help="what distance counts for: half of N times its square (default: 3)",
    )
    parser.add_argument(
        "--material-percent",
        metavar="PERCENT",
        type=rate,
        default=0.0002,
        help="what another must take less a year to be worth a change (default: 0.02)",
    )
    parser.add_argument(
        "--paths",
        metavar="N",
        type=int,
        help="shuffled histories (default: 200; 40 for a target that is found anew on each, and "
        "with breakdown)",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=int,
        default=0,
        help="names the shuffling: another one shuffles otherwise",
    )
    add_report(parser)
    add_json(parser)
    add_conditions(parser)


def run(args: argparse.Namespace) -> int:
    """Find the advice and say it."""
    from trimtab.cli.patience import counting
    from trimtab.cli.screen import emit, progress, say, screen
    from trimtab.model.errors import RefusedError, TrimtabError
    from trimtab.model.policy import Policy, parse_policy
    from trimtab.simulate.choosing.advice import MADE_PATHS, PATHS, advise
    from trimtab.simulate.choosing.checked import checked_in_accounts, tax_of_turnover

    check_report(args)
    conditions = conditions_of(args)
    progress("reading prices")
    try:
        found = studied(args)
        conditions.update(missing_of(args, found))
        refuse_worth(found, "advise")
        begins = begins_with(args, found)
        own = _own_words(args, found)
        runs = _in_accounts(args, [own]) if found.policy and args.tax_percent is None else []
        tax = args.tax_percent or 0.0
        if runs:
            tax = tax_of_turnover(runs[0])
        when, to = parse_policy(own)
        progress("shuffling history (longer the first time)")
        paths = args.paths or (MADE_PATHS if found.moves or when.breakdown else PATHS)
        try:
            advice = advise(
                found.prices,
                Policy(found.target, when, to),
                costs=costs_by(args, found.costs),
                tax_of_turnover=tax,
                risk_aversion=args.risk_aversion,
                material=args.material_percent,
                paths=args.paths,
                seed=args.seed,
                on_progress=counting(paths, "shuffled histories"),
                cash=begins.cash,
                trade_at=args.trade_at or (None if found.moves else "close"),
                start=args.start,
                end=args.end,
                cash_rate=args.cash_rate,
                **conditions,
            )
        except TrimtabError:
            raise
        except ValueError as error:
            raise RefusedError(f"{error}") from None
        if runs and advice.advised != advice.own:
            names = [advice.advised, *advice.runners_up]
            tried = dict(zip(names, _in_accounts(args, names), strict=True))
            advice = checked_in_accounts(advice, runs[0], tried)
            assert advice.accounts is not None
            runs.append(tried[advice.accounts.policy])
    finally:
        progress("")
    remarks = [*_few_paths(args, found, when), *filter(None, (found.remark, begins.remark))]

    def page() -> str:
        from trimtab.reports.advice_html import advice_html

        return advice_html(advice, runs, is_portfolio=bool(found.policy), remarks=remarks)

    saved = write_report(args, page)
    if args.json:
        emit(_told(advice, runs))
        return 0
    from trimtab.reports.advice_text import advice_text
    from trimtab.reports.layout import wrapped

    on = screen()
    text = advice_text(advice, runs, is_portfolio=bool(found.policy), width=on.width, look=on.look)
    more = ["\n".join(wrapped(line, on.width)) for line in (*remarks, *saved)]
    say("\n\n".join([text, *more]))
    return 0


def _few_paths(args: argparse.Namespace, found: Studied, when: When) -> list[str]:
    """Why there are fewer histories than usual, where there are."""
    from trimtab.simulate.choosing.advice import MADE_PATHS, PATHS

    if args.paths is not None or not (found.moves or when.breakdown):
        return []
    why = (
        "The target is found anew on every shuffled history"
        if found.moves
        else "`breakdown` asks of every shuffled history when correlations broke"
    )
    few = (
        f"{why}, so there are {MADE_PATHS} of them and not {PATHS}: --paths {PATHS} takes five "
        "times as long, and is steadier."
    )
    return [few]


def _own_words(args: argparse.Namespace, found: Studied) -> str:
    """The policy that is followed now, in words."""
    from trimtab.model.errors import RefusedError

    if not found.policy:
        return f"{args.when or 'monthly'} to {args.to or 'target'}"
    if args.when or args.to:
        raise RefusedError(
            "--when and --to go with --prices; here the policy of portfolio.toml is weighed"
        )
    return found.policy


def _in_accounts(args: argparse.Namespace, policies: list[str]) -> list[AccountRun]:
    """What policies would have done in the portfolio's accounts; nothing where none is taxable."""
    from decimal import Decimal

    from trimtab.cli.asked import runs_asked
    from trimtab.cli.patience import policies_told
    from trimtab.live.book import open_book
    from trimtab.live.history import account_runs
    from trimtab.model.policy import Policy, parse_policy

    book = exchanging(args, open_book(folder_of(args)))
    accounts = book.household().accounts.values()
    if not any(account.tax.taxes_gains for account in accounts):
        return []

    made = [Policy(None, *parse_policy(words)) for words in policies]
    cash = None if args.cash is None else Decimal(str(args.cash))
    runs = account_runs(
        book, made, start=args.start, end=args.end, cash=cash, terms=account_terms_of(args),
        on_session=policies_told([policy.label for policy in made]),
    )  # fmt: skip
    return runs_asked(runs)


def _told(advice: Advice, runs: list[AccountRun]) -> dict[str, object]:
    from trimtab.cli.backtest_files import accounts_json
    from trimtab.reports.plan_json import findings_json

    told = {**advice.to_dict(), "findings": findings_json(advice.findings)}
    return {**told, **({"accounts": accounts_json(runs)} if runs else {})}
