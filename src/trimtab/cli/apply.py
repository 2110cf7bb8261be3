"""`trimtab apply`: asks, then carries out that plan and nothing else at each account's broker."""

from __future__ import annotations

import argparse

from trimtab.cli.options import add_folder, add_json, command, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trimtab.adapters.plan_files import SavedPlan
    from trimtab.cli.options import Commands
    from trimtab.execution.outcome import Applied
    from trimtab.live.book import OpenBook
    from trimtab.model.plan import Plan

EPILOG = """\
examples:
  trimtab apply plans/2026-03-31-7f3a9c.json
  trimtab apply --dry-run plans/2026-03-31-7f3a9c.json    the orders, and what the gate says
A plan that was stopped half way is gone on with; a plan that is done is never done again.
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "apply",
        "carry out a saved plan, once, after asking",
        description="Carry out a saved plan and nothing else: each order passes the gate, is "
        "written down, and only then leaves. Accounts without a broker get tickets to trade by "
        "hand and to `trimtab record`.",
        epilog=EPILOG,
    )
    add_folder(parser, again=True)
    parser.add_argument("plan", metavar="PLAN", help="the file that `trimtab plan` saved")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--dry-run", action="store_true", help="show orders and gate; write and send nothing"
    )
    parser.add_argument(
        "--in-part",
        action="store_true",
        help="carry out the rest of a plan of which limits.toml refuses a part",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show the plan, ask, carry it out."""
    from pathlib import Path

    from trimtab.cli.patience import patience
    from trimtab.cli.screen import asked, emit, say, screen
    from trimtab.live.book import open_book
    from trimtab.live.lost_plans import need_file
    from trimtab.live.trading import looked_at
    from trimtab.model.errors import RefusedError
    from trimtab.reports.plan_text import plan_text

    book = open_book(folder_of(args))
    path = plan_path(Path(args.plan), book)
    saved = need_file(book, path)
    if args.dry_run:
        return _rehearse(book, saved, args)
    if not args.yes:
        if args.json:
            raise RefusedError("--json cannot ask: add --yes to carry the plan out without asking")
        on = screen()
        with patience("deciding again what the plan says"):
            looked = looked_at(book, saved, in_part=args.in_part)
        if looked.status != "already":
            say(plan_text(_as_of_today(book, saved), width=on.width, look=on.look))
            say("")
            if not asked(_question(book, saved)):
                say("Nothing was done.")
                return 1
    with patience("deciding again what the plan says, then sending"):
        applied = book.apply(path, in_part=args.in_part)
    if args.json:
        from trimtab.reports.applied_text import applied_json

        emit(applied_json(applied, saved.plan))
    else:
        from trimtab.reports.applied_text import applied_text

        on = screen()
        told = ending(applied, args)
        say(applied_text(applied, saved.plan, width=on.width, look=on.look, ending=told))
    return 0 if ended_well(applied) else 1


def _as_of_today(book: OpenBook, saved: SavedPlan) -> Plan:
    """A saved plan with what the clock says now of its prices, instead of what it said then."""
    from dataclasses import replace

    if saved.day_asked:
        return saved.plan
    others = [one for one in saved.plan.findings if one.code != "old-prices"]
    return replace(saved.plan, findings=(*others, *book.old_prices()))


def ended_well(applied: Applied) -> bool:
    """Whether all went as it should, or still may: no halt, no order that was turned down."""
    from trimtab.model.orders import OrderState

    if applied.status not in ("done", "already", "waiting"):
        return False
    return not any(record.state is OrderState.REJECTED for record in applied.orders)


def plan_path(path: Path, book: OpenBook) -> Path:
    """The plan's file: as it was named, else so in the portfolio folder, else by its id alone."""
    places = [path, book.folder / path]
    if not path.parent.name:
        places.append(book.plans_folder / (path.name if path.suffix else f"{path.name}.json"))
    return next((place for place in places if place.exists()), path)


def ending(applied: Applied, args: argparse.Namespace) -> Sequence[str]:
    """What to do next."""
    import shlex

    elsewhere = "" if args.folder == "." else f" -C {shlex.quote(args.folder)}"
    plan = shlex.quote(args.plan)
    if applied.status == "halted":
        scope = shlex.quote(next(iter(applied.folded.halted)))
        look = f"trimtab{elsewhere} resume {scope} --reason TEXT"
        return [f"Next: look what is wrong, then {look}, then apply again"]
    if applied.tickets:
        return [f"Next: trimtab{elsewhere} record {plan}", f"(or: record {plan} fills.csv)"]
    if applied.status == "waiting":
        return [f"Next: trimtab{elsewhere} apply {plan}", "(goes on where it is)"]
    return []


def _question(book: OpenBook, saved: SavedPlan) -> str:
    """What is about to happen, in a line."""
    from trimtab.cli.screen import literal
    from trimtab.reports.words import counted, money

    accounts = book.portfolio.household.accounts
    ways: dict[str, int] = {}
    for trade in saved.plan.trades:
        broker = accounts[trade.account].broker if trade.account in accounts else "?"
        ways[broker] = ways.get(broker, 0) + 1
    told = [
        {"paper": f"{counted(n, 'trade')} on paper", "manual": f"{counted(n, 'ticket')}"}.get(
            way, f"{counted(n, 'REAL order')} through {literal(way)}"
        )
        for way, n in sorted(ways.items())
    ]
    deposits = [
        f"book a deposit of {money(amount)} into {literal(account)}"
        for account, amount in sorted(saved.request.deposits.items())
        if amount > 0
    ]
    return f"Carry out {saved.plan.id}: {', '.join([*told, *deposits]) or 'nothing to trade'}?"


def _rehearse(book: OpenBook, saved: SavedPlan, args: argparse.Namespace) -> int:
    """Show the orders of a plan and what the gate says; write and send nothing."""
    from trimtab.cli.rehearsal import rehearsed
    from trimtab.cli.screen import emit, say, screen
    from trimtab.reports.applied_text import applied_json, applied_text, rehearsal_text

    book.need_begun(saved.plan.as_of)
    applied = rehearsed(book, saved)
    if args.json:
        emit(applied_json(applied, saved.plan) | {"dry_run": True})
    else:
        on = screen()
        # Of a plan that was carried out before there is nothing to rehearse: it says so.
        text = applied_text if applied.status == "already" else rehearsal_text
        say(text(applied, saved.plan, width=on.width, look=on.look))
    return 0 if ended_well(applied) else 1
