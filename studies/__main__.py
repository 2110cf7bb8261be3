"""Runs the studies and writes their texts and figures: `python -m studies [--quick] [NAME ...]`."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter

from studies.finding import HOME, SHARED, write

NAMES = (
    "bands_to_edge",
    "opportunistic",
    "vanguard",
    "cube_root",
    "shannons_demon",
    "two_modes",
    "cost_to_go",
    "out_of_sample",
)


def say(text: str) -> None:
    """Show a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run some of them or all."""
    parser = argparse.ArgumentParser(prog="python -m studies", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="fewer paths, nothing kept")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in NAMES]:
        parser.error(f"no study {unknown[0]}; there are {', '.join(NAMES)}")
    if not (SHARED / "data").is_dir():
        say("skipped: needs ../shared (real prices), which is not beside this clone")
        return 0
    folder = Path(mkdtemp()) if args.quick else HOME
    for name in args.names or NAMES:
        module = import_module(f"studies.{name}")
        began = perf_counter()
        found = module.study(SHARED, quick=args.quick)
        files = write(module, found, folder)
        say(f"{name}: {perf_counter() - began:.1f} s, wrote {', '.join(map(str, files))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
