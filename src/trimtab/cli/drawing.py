"""Pictures beside a page: without what draws them the page is written all the same."""

from __future__ import annotations

import argparse


def pictures_or_page(args: argparse.Namespace) -> None:
    """Be sure that pictures can be drawn; beside a page, say why not and go on without them.

    Raises:
        RefusedError: matplotlib is not installed, and no page was asked for.
    """
    if not args.png:
        return
    from trimtab.model.errors import RefusedError
    from trimtab.reports.figures_png import check_drawing

    try:
        check_drawing()
    except RefusedError as error:
        if not args.report:
            raise
        from trimtab.cli.screen import trouble

        trouble(RefusedError(f"--png {args.png} is left out: {error}"))
        args.png = None
