"""`trimtab batch`: the same decision for every account of a book, Parquet in and out."""

from __future__ import annotations

import argparse

from trimtab.cli.options import add_as_of, add_folder, add_json, command, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from trimtab.batch.run import Summary
    from trimtab.cli.options import Commands
    from trimtab.model.found import Found

EPILOG = """\
examples:
  trimtab batch book.parquet --out run/                    the model is the folder you are in
  trimtab batch book.parquet --out run/ -C models/60-40    another model
  trimtab batch book.parquet --out run/ --targets targets.parquet --prices close.csv

The model is a portfolio folder whose accounts are kinds of accounts. The book has one row a lot:
account, symbol, quantity, acquired, cost_basis; cash is a row whose symbol is the currency. The
rows of an account stand together and accounts ascend. An account with something wrong stops only
itself: it is in exceptions.parquet with a code and what to do. Prices are stricter than in `plan`:
one price that is missing, old or doubted stops every account that holds it or would buy it, where
`plan` leaves that instrument alone and trades the rest.
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "batch",
        "decide every account of a book, Parquet in and out",
        description="Decide every account of a book by one model: what `plan` decides for one "
        "account, for a million. Writes trades, exceptions and a summary, all or nothing. The "
        "first run after an installation compiles for about a minute, and says so; later ones "
        "start at once.",
        epilog=EPILOG,
    )
    add_folder(parser, again=True)
    parser.add_argument("book", metavar="BOOK.parquet", help="accounts with their lots and cash")
    parser.add_argument("--out", metavar="DIR", required=True, help="a new folder for the results")
    parser.add_argument(
        "--targets", metavar="FILE", help="targets by account: account, symbol, percent (Parquet)"
    )
    parser.add_argument(
        "--prices", metavar="FILE", help="prices: CSV or Parquet (default: those of the model)"
    )
    parser.add_argument(
        "--threads", metavar="N", type=_whole, help="how many to use (default: all cores)"
    )
    parser.add_argument(
        "--chunk-rows",
        metavar="N",
        type=_whole,
        help="rows in memory at a time (default: 1000000)",
    )
    add_as_of(parser)
    add_json(parser)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 10**9):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Run the batch and say what it came to."""
    import os
    from pathlib import Path

    from trimtab.adapters.portfolio_folder import read_portfolio
    from trimtab.batch.run import CHUNK_ROWS, run_batch
    from trimtab.cli.screen import emit, progress, say

    def told(rows: int, of: int, accounts: int) -> None:
        progress(f"{rows / max(of, 1):4.0%}  {rows:,} of {of:,} rows, {accounts:,} accounts")

    progress("reading the model")
    try:
        summary = run_batch(
            Path(args.book),
            Path(args.out),
            portfolio=read_portfolio(folder_of(args), as_of=args.as_of),
            prices=[Path(args.prices)] if args.prices else [],
            targets=Path(args.targets) if args.targets else None,
            as_of=args.as_of,
            threads=args.threads or os.cpu_count() or 1,
            chunk_rows=args.chunk_rows or CHUNK_ROWS,
            progress=told,
        )
    finally:
        progress("")
    if args.json:
        emit(summary.plain() | {"out": args.out})
    else:
        say(_report(summary, Path(args.out)))
    return 0


def _of(found: Found) -> str:
    """Of which kind of account a target is, where that has its own."""
    from trimtab.model.found import HOUSEHOLD

    return "" if found.target == HOUSEHOLD else f" of {found.target}"


def _report(summary: Summary, out: Path) -> str:
    """The summary in a few lines."""
    from trimtab.batch.run import SORTING
    from trimtab.targets.moving.mover import in_a_line

    plain = summary.plain()
    accounts = f"{summary.accounts:,} accounts, {summary.decided:,} decided"
    money = f"worth {plain['value']}, cost {plain['cost']}, tax {plain['tax']}"
    lines = [f"Target{_of(found)}: {in_a_line(found)}" for found in summary.founds]
    lines += [
        f"Batch of {plain['as_of']}: {accounts}, {summary.traded:,} of them trade",
        f"  {summary.trades:,} trades {money}",
    ]
    if summary.by_engine:
        lines.append(f"  {summary.by_engine:,} decided one by one, which takes longer")
    for code, count in sorted(summary.codes.items(), key=lambda item: (-item[1], item[0])):
        lines.append(f"  {count:,} x {code}")
    if "unsorted" in summary.codes:
        lines.append(f"  Sort the book by account, in DuckDB: {SORTING}")
    lines.append(f"Written {out}/trades.parquet, exceptions.parquet, summary.json")
    return "\n".join(lines)
