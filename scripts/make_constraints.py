"""Write constraints.txt: the exact versions that this environment's tests passed with.

Only what Trimtab and its `dev` extra need, directly or through others; never the name of an index
or a path of this machine. Run it in an environment that was just upgraded and tested:

    .venv/bin/pip install --upgrade -e '.[dev]'
    make test
    .venv/bin/python scripts/make_constraints.py
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TARGET = Path(__file__).resolve().parents[1] / "constraints.txt"
HEADER = "# Versions the tests passed with; written by scripts/make_constraints.py.\n"


def closure(root: str, extras: frozenset[str]) -> dict[str, str]:
    """Name and installed version of everything that `root` with `extras` needs here."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(root, extra) for extra in {"", *extras}]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found[name] = metadata.version(name)
        for line in metadata.requires(name) or []:
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                child = canonicalize_name(need.name)
                waiting += [(child, wanted) for wanted in {"", *need.extras}]
    # The environment's own tools follow its Python, not us.
    return {name: found[name] for name in found.keys() - {root, "pip", "setuptools", "wheel"}}


def main() -> None:
    """Write the file and say how many packages it pins."""
    pins = closure("trimtab", frozenset({"dev", "frames", "plot", "skfolio"}))
    lines = [f"{name}=={version}\n" for name, version in sorted(pins.items())]
    TARGET.write_text(HEADER + "".join(lines), encoding="utf-8")
    print(f"{TARGET.name}: {len(lines)} packages", file=sys.stderr)


if __name__ == "__main__":
    main()
