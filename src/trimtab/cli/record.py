"""`trimtab record`: books what a person really traded of a plan, partly if need be."""

from __future__ import annotations

import argparse

from trimtab.cli.options import add_folder, add_json, command, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.cli.options import Commands
    from trimtab.live.trading import ToRecord
    from trimtab.model.plan import Plan

EPILOG = """\
examples:
  trimtab record plans/2026-03-31-7f3a9c.json              all tickets, exactly as planned
  trimtab record plans/2026-03-31-7f3a9c.json fills.csv    what was really traded
  trimtab record --close plans/2026-03-31-7f3a9c.json      nothing more will be traded of it
  trimtab record --trades trades.csv                       traded without a plan

fills.csv: account,symbol,side,quantity,price and, if you like, fees,date,id, and for a price in
another currency currency,rate (what one of it came to; fees are in the portfolio's)
(a row without a date is of the plan's day, and a warning says so)
  account,symbol,side,quantity,price,fees,date
  brokerage,VTI,sell,41,300.25,1.00,2026-04-01

trades.csv: the same columns, with a date in every row; a sale takes its lots by the account's
relief, or the one that a column `lot` names
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "record",
        "book what was traded by hand",
        description="Book what a person traded of a plan: from a file, or all of it exactly as "
        "planned. The same line twice is the same trade.",
        epilog=EPILOG,
    )
    add_folder(parser, again=True)
    parser.add_argument("plan", metavar="PLAN", nargs="?", help="the plan that was traded")
    parser.add_argument("fills", metavar="FILE", nargs="?", help="what was really traded, as CSV")
    parser.add_argument(
        "--trades", metavar="FILE", help="trades that no plan asked for, as CSV; needs no PLAN"
    )
    parser.add_argument(
        "--close", action="store_true", help="nothing more will be traded of what stays open"
    )
    parser.add_argument(
        "--as-it-was",
        action="store_true",
        help="book it although a price, a quantity or the cash says that it is a slip",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show what would be booked, ask, book it, and say what is still open."""
    from pathlib import Path

    from trimtab.cli.apply import ending, plan_path
    from trimtab.cli.screen import asked, emit, remark, say, screen
    from trimtab.live.book import open_book
    from trimtab.live.lost_plans import need_prices, saved_or_recorded
    from trimtab.live.trading import to_record
    from trimtab.model.errors import RefusedError
    from trimtab.reports.applied_text import applied_json, applied_text

    if args.trades is not None:
        return _elsewhere(args)
    if args.plan is None:
        raise RefusedError("say which plan was traded, or --trades FILE for trades outside any")
    book = open_book(folder_of(args))
    path = plan_path(Path(args.plan), book)
    saved = saved_or_recorded(book, path)
    if args.json and not args.yes:
        raise RefusedError("--json cannot ask: add --yes to book it without asking")
    if saved.recorded and args.fills is None and not args.close:
        raise need_prices(saved)
    found = to_record(book, saved, args.fills, as_it_was=args.as_it_was)
    if found.trades is None and not found.applied.tickets:
        if args.json:
            shown = found.applied.with_findings(book.repairs)
            emit(applied_json(shown, saved.plan) | {"changed": False})
        else:
            say(f"Plan {found.applied.plan} has no open tickets: there is nothing to record.")
            remark(book.repairs)
        return 0
    if not args.yes:
        say(_shown(found, saved.plan, close=args.close))
        if not asked(_question(found, saved.plan.id, close=args.close)):
            say("Nothing was recorded.")
            return 1
    applied = book.record(path, args.fills, close=args.close, as_it_was=args.as_it_was)
    if args.json:
        emit(applied_json(applied, saved.plan))
    else:
        on = screen()
        told = ending(applied, args)
        say(applied_text(applied, saved.plan, width=on.width, look=on.look, ending=told))
    return 0 if applied.status in ("done", "already", "waiting") else 1


def _elsewhere(args: argparse.Namespace) -> int:
    """Trades that no plan asked for: shown, asked, booked."""
    from pathlib import Path

    from trimtab.cli.screen import asked, emit, remark, say, screen
    from trimtab.live.book import open_book
    from trimtab.live.elsewhere import book_trades, to_book_trades
    from trimtab.model.errors import RefusedError
    from trimtab.reports.applied_text import hand_trades_text
    from trimtab.reports.findings_text import findings_text
    from trimtab.reports.plan_json import findings_json
    from trimtab.reports.words import counted

    if args.plan is not None or args.close:
        raise RefusedError("--trades books trades that no plan asked for: give no PLAN with it")
    if args.json and not args.yes:
        raise RefusedError("--json cannot ask: add --yes to book it without asking")
    book, path = open_book(folder_of(args)), Path(args.trades)
    found = to_book_trades(book, path, as_it_was=args.as_it_was)
    count = len(found.found.drafts)
    on = screen()
    if not args.json:
        steps = found.known.steps
        say(hand_trades_text(found.trades, steps, width=on.width, look=on.look))
        told = findings_text(found.found.findings, width=on.width, look=on.look, explain=True)
        say("\n".join([*told, ""]) if told else "")
    if count and not args.yes and not asked(f"Book {counted(count, 'trade')} outside any plan?"):
        say("Nothing was recorded.")
        return 1
    if count:
        book_trades(book, path, as_it_was=args.as_it_was)
    if args.json:
        findings = (*found.found.findings, *book.repairs)
        emit({"booked": count, "findings": findings_json(findings)})
    else:
        say(f"Booked {counted(count, 'trade')}. A plan that was not approved yet is stale now.")
        remark(book.repairs)
    return 0


def _shown(found: ToRecord, plan: Plan, *, close: bool) -> str:
    """What is about to be booked or closed, a line each."""
    from trimtab.cli.screen import screen
    from trimtab.model.numbers import quantity_text
    from trimtab.reports.applied_text import booked_columns
    from trimtab.reports.findings_text import findings_text
    from trimtab.reports.layout import stacked, table
    from trimtab.reports.words import clean, money, quantity

    on = screen()
    steps = found.applied.folded.steps
    rows = []
    if found.trades is not None:
        for one in found.trades:
            amount = quantity(quantity_text(one.quantity, steps[one.instrument]))
            fees = money(one.fees)
            day = one.on.isoformat() if one.dated else f"{one.on} (the plan's)"
            rows.append((one.side, one.instrument, one.account, amount, str(one.price), fees,
                         day))  # fmt: skip
    else:
        orders = {record.order.id: record.order for record in found.applied.orders}
        for fill in found.as_planned:
            order = orders[fill.order]
            amount = quantity(quantity_text(fill.quantity, steps[order.instrument]))
            price = "" if close else str(fill.price)
            fees = "" if close else money(fill.fees)
            rows.append((order.side, order.instrument, order.account, amount, price, fees,
                         "" if close else plan.as_of.isoformat()))  # fmt: skip
    columns = booked_columns("close" if close and found.trades is None else "record")
    shown = [tuple(clean(text) for text in row) for row in rows]
    blocks = [
        table(columns, shown, width=on.width, look=on.look),
        findings_text(found.findings, width=on.width, look=on.look, explain=True),
    ]
    return stacked(blocks) + "\n"


def _question(found: ToRecord, plan: str, *, close: bool) -> str:
    from trimtab.reports.words import counted

    if found.trades is not None:
        closing = ", and close what stays open" if close else ""
        return f"Book {counted(len(found.trades), 'trade')} of {plan}{closing}?"
    tickets = counted(len(found.applied.tickets), "open ticket")
    if close:
        return f"Will nothing more be traded of {tickets} of {plan}?"
    return f"Were all of them ({tickets} of {plan}) traded exactly as planned?"
