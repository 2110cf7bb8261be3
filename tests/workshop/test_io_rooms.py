"""The walls of the house: who touches the outside world, who picks an adapter, what is heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.workshop.house import (
    ADAPTER_USERS,
    IO_ROOMS,
    PACKAGE,
    ROOMS,
    Source,
    imports,
    sources,
    within,
)

#: Modules through which files, network, clock, randomness and environment come in.
OUTSIDE = frozenset(
    {
        "asyncio",
        "ftplib",
        "getpass",
        "glob",
        "http",
        "importlib.resources",
        "logging.handlers",
        "mmap",
        "os",
        "pathlib",
        "platform",
        "random",
        "secrets",
        "select",
        "shutil",
        "signal",
        "smtplib",
        "socket",
        "socketserver",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "time",
        "urllib",
        "uuid",
    }
)
#: `urllib.parse` is text in, text out.
HARMLESS = frozenset({"urllib.parse", "os.PathLike"})
#: What a call must not end in: the wall clock.
CLOCKS = frozenset({"now", "today", "utcnow"})
CLOCK_OWNERS = frozenset({"datetime", "date", "dt"})
#: Builtins that reach outside.
OPENERS = frozenset({"open", "input", "print", "breakpoint"})

#: Room files that may touch one thing outside, each with its reason.
EXEMPT: dict[str, dict[str, str]] = {
    "trimtab/kernels/compile.py": {
        "os": "Numba reads its cache directory from the environment before its first import",
        "pathlib": "the same: where compiled kernels are kept between runs",
        "importlib.resources": "that directory is named by the text of the kernels themselves",
    },
}

ALL = sources()


def reaches_outside(source: Source) -> Iterator[tuple[int, str]]:
    """Line and name of everything in a file that touches the world outside the process."""
    for found in imports(source.tree):
        if within(found.module, HARMLESS):
            continue
        if within(found.module, OUTSIDE):
            # `from urllib import parse` yields urllib first; only its harmless part is meant.
            yield found.line, found.module
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in OPENERS:
            yield node.lineno, f"{called.id}()"
        elif isinstance(called, ast.Attribute):
            owner = ast.unparse(called.value).rpartition(".")[2]
            if called.attr in CLOCKS and owner in CLOCK_OWNERS:
                yield node.lineno, f"{owner}.{called.attr}()"
            if called.attr == "default_rng" and not node.args and not node.keywords:
                yield node.lineno, "default_rng() without a seed"


def offences(source: Source) -> list[str]:
    """What a file may not touch but does, as `file:line name`."""
    exempt = frozenset(EXEMPT.get(source.name, {}))
    found = {(line, what) for line, what in reaches_outside(source) if not within(what, exempt)}
    # `from a import b` names a and a.b on one line; telling one of them is enough.
    return [
        f"{source.name}:{line} {what}"
        for line, what in sorted(found)
        if not any(line == other and what.startswith(f"{name}.") for other, name in found)
    ]


def parsed(text: str) -> Source:
    """A source as if it stood in the engine."""
    return Source(PACKAGE / "engine" / "imagined.py", ast.parse(text))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("import os.path", "os.path"),
        ("def f():\n    from pathlib import Path", "pathlib"),
        ("from importlib import resources", "importlib.resources"),
        ("import urllib.request", "urllib.request"),
        ("text = open('x').read()", "open()"),
        ("import datetime as dt\nd = dt.datetime.now()", "datetime.now()"),
        ("from datetime import date\nd = date.today()", "date.today()"),
        ("rng = np.random.default_rng()", "default_rng() without a seed"),
    ],
)
def test_the_guard_sees_each_way_out(text: str, what: str) -> None:
    """A file that touches the outside is told with what it touched, wherever the import stands."""
    found = offences(parsed(text))

    assert [told.rpartition("py:")[2].split(" ", 1)[1] for told in found] == [what]


@pytest.mark.parametrize(
    "text",
    [
        "from urllib.parse import quote",
        "def f(now):\n    return now",
        "rng = np.random.default_rng(7)",
        "from datetime import date, datetime\nd = datetime.combine(date(2001, 1, 1), t)",
        "clock.now()",
    ],
)
def test_the_guard_leaves_the_pure_alone(text: str) -> None:
    """Seeds, dates as arguments and the Clock port are not the outside world."""
    assert offences(parsed(text)) == []


def test_only_the_upper_five_rooms_touch_the_outside_world() -> None:
    """Files, network, clock, chance and environment: in cli, web, live, batch, adapters only."""
    found = [told for source in ALL if source.room not in IO_ROOMS for told in offences(source)]

    assert found == []


def test_every_exemption_is_still_used() -> None:
    """An exemption that nothing needs any more is taken away."""
    by_name = {source.name: source for source in ALL}

    idle = [
        f"{name}: {module}"
        for name, modules in EXEMPT.items()
        if name in by_name
        for module in modules
        if not any(within(what, frozenset({module})) for _, what in reaches_outside(by_name[name]))
    ]

    assert idle == []


def test_only_the_upper_four_rooms_import_adapters() -> None:
    """Which file, broker or store is used is decided in cli, web, live and batch alone."""
    adapters = frozenset({"trimtab.adapters"})

    found = [
        f"{source.name}:{used.line}"
        for source in ALL
        if source.room not in ADAPTER_USERS | {"adapters", ""}
        for used in imports(source.tree)
        if within(used.module, adapters)
    ]

    assert found == []


def test_every_folder_of_the_package_is_a_room_of_the_house() -> None:
    """A new room is added to the design, to the import rules and here before it holds code."""
    rooms = {source.room for source in ALL} - {""}

    assert rooms <= set(ROOMS)


def test_no_room_imports_the_public_face() -> None:
    """`import trimtab` is for users: rooms name the room they mean."""
    face = {f"trimtab.{source.path.stem}" for source in ALL if source.room == ""}
    names_of_rooms = tuple(f"trimtab.{room}" for room in ROOMS)

    found = [
        f"{source.name}:{used.line} {used.module}"
        for source in ALL
        if source.room not in {"", "cli"}
        for used in imports(source.tree)
        if used.module in face
        or (used.module.startswith("trimtab.") and not used.module.startswith(names_of_rooms))
    ]

    assert found == []


HEAVY = (
    "cryptography",
    "duckdb",
    "highspy",
    "numba",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "rich",
    "scipy",
)


@pytest.mark.parametrize("room", ["", "model"])
def test_the_face_and_the_nouns_start_without_heavy_libraries(room: str) -> None:
    """Importing trimtab or all of its model loads no library that costs start-up time."""
    modules = [
        ".".join(source.path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for source in ALL
        if source.room == room and source.path.stem != "__main__"
    ]
    modules = [name.removesuffix(".__init__") for name in modules] or ["trimtab"]
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )

    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "[]", "")
