"""`--report FILE.html`: the option, what may be written over, and what is said of it."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HELP = "write one HTML file to look at, offline: docs/report.md"


def add_report(parser: argparse.ArgumentParser) -> None:
    """Add `--report`."""
    parser.add_argument("--report", metavar="FILE", help=HELP)


def check_report(args: argparse.Namespace) -> None:
    """Refuse, before any work is done, to write over what is no page.

    Raises:
        RefusedError: The file is somebody else's.
    """
    from pathlib import Path

    from trimtab.cli.backtest_files import need_own

    if args.report:
        need_own(None, Path(args.report))


def write_report(args: argparse.Namespace, page: Callable[[], str]) -> list[str]:
    """Write the page where one is asked for, and say so; where none is, perhaps how to get one."""
    from pathlib import Path

    from trimtab.cli.screen import towards_charts

    if not args.report:
        return towards_charts()
    Path(args.report).write_text(page(), encoding="utf-8")
    return [f"Wrote {args.report}"]
