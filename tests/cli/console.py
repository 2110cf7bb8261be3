"""Command lines with what they print, run in a folder and compared: golden tests and the README.

A console text is lines that begin with `$ `, each followed by what it prints. Standard error comes
after standard output, each line behind `2> `; an exit code other than 0 stands last, as `[1]`.
`python -m tests.cli.console FILE...` writes what the commands print now into golden files, and into
the console blocks of a page in Markdown.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shutil import copy, copytree
from unittest.mock import patch

import trimtab
from trimtab.adapters.clock import SystemClock
from trimtab.cli.main import main

HERE = Path(__file__).resolve().parent
GOLDEN = HERE / "golden"
PACKAGED = Path(trimtab.__file__).resolve().parent / "data" / "demo"

#: The clock of every session, so that whoever runs it sees what stands there, to the last hash.
PERSON = {"LOGNAME": "tester"}
NOW = datetime(2026, 4, 1, 20, 30, tzinfo=UTC)

#: What a command says that finds no machine code on disk.
COMPILING = re.compile(r"^2> Compiling for this machine.*\n", re.MULTILINE)

#: A block of code in Markdown: its language and its lines.
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Session:
    """A person at a terminal: where they are, and what they have set."""

    cwd: Path
    environ: dict[str, str] = field(default_factory=dict)
    tells_compiling: bool = False
    """Whether the remark on compiling is kept, which depends on what ran on the machine before."""

    def run(self, line: str) -> str:
        """What a command line prints."""
        words = shlex.split(line, comments=True)
        typed = ""
        if words[:1] == ["echo"] and "|" in words:
            cut = words.index("|")
            typed, words = " ".join(words[1:cut]) + "\n", words[cut + 1 :]
        environ = dict(self.environ)
        while re.fullmatch(r"[A-Z_]+=.*", words[0]):
            name, _, value = words.pop(0).partition("=")
            environ[name] = value
        if words[0] == "cd":
            self.cwd = self.cwd / words[1]
            return ""
        if words[0] == "cat":
            return (self.cwd / words[1]).read_text(encoding="utf-8")
        assert words[0] == "trimtab", f"a console text runs trimtab, not {words[0]}"
        arguments = [
            one if not one.startswith("plans/*") else self._only_plan() for one in words[1:]
        ]
        printed = _ran(arguments, self.cwd, environ, typed)
        return printed if self.tells_compiling else COMPILING.sub("", printed)

    def _only_plan(self) -> str:
        (path,) = (self.cwd / "plans").glob("*.json")
        return f"plans/{path.name}"


def _ran(arguments: list[str], cwd: Path, environ: dict[str, str], typed: str) -> str:
    encoding = environ.pop("PYTHONIOENCODING", "utf-8")
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with (
        _at(cwd, environ),
        _streams(io.StringIO(typed), out, err),
        patch.object(SystemClock, "now", lambda _: NOW),
    ):
        code = main(arguments)
    printed = _text(out)
    for line in _text(err).splitlines():
        printed += f"2> {line}\n"
    return printed if code == 0 else f"{printed}[{code}]\n"


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.buffer.seek(0)
    return stream.buffer.read().decode(stream.encoding)


@contextmanager
def _at(cwd: Path, environ: dict[str, str]) -> Iterator[None]:
    before, place = dict(os.environ), Path.cwd()
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TRIMTAB_HOME", "XDG_CONFIG_HOME"):
        os.environ.pop(name, None)
    os.environ.update(environ)
    os.chdir(cwd)
    try:
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _streams(*streams: object) -> Iterator[None]:
    before = (sys.stdin, sys.stdout, sys.stderr)
    sys.stdin, sys.stdout, sys.stderr = streams  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def replayed(text: str, session: Session) -> str:
    """A console text with what its commands print now; other lines before the first stay."""
    lines = text.splitlines()
    written: list[str] = []
    for line in lines:
        if line.startswith("$ "):
            if any(other.startswith("$ ") for other in written):
                written.append("")
            written.append(line)
            written.extend(session.run(line[2:]).rstrip("\n").splitlines())
        elif not any(other.startswith("$ ") for other in written):
            written.append(line)
    return "\n".join(written) + "\n"


def alike(text: str) -> str:
    """A text without blank lines and without space at the ends of lines."""
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def demo_folder(place: Path) -> Path:
    """The packaged household, as `make demo` copies it."""
    folder = place / "demo-portfolio"
    copytree(PACKAGED / "portfolio", folder)
    copy(PACKAGED / "prices.csv", folder / "prices.csv")
    copytree(PACKAGED / "moving", folder / "moving")
    for name in ("lots.csv", "sales.csv"):
        copy(folder / name, folder / "moving" / name)
    return folder


def golden_session(golden: Path, place: Path) -> Session:
    """Where a golden text runs: a copy of the folder beside it, else of the demo's household."""
    source = golden.with_suffix("")
    folder = place / source.name
    if source.is_dir():
        copytree(source, folder)
    else:
        folder = demo_folder(place)
    return Session(folder, {"TRIMTAB_HOME": str(place / "home"), **PERSON})


def update(golden: Path) -> None:
    """Write what the commands of a golden file print now."""
    with tempfile.TemporaryDirectory() as place:
        session = golden_session(golden, Path(place))
        text = golden.read_text(encoding="utf-8")
        golden.write_text(replayed(text, session).replace(place, "PLACE"), encoding="utf-8")


def update_blocks(page: Path) -> None:
    """Write what the console blocks of a page print now; plans keep being the only one there is."""
    with tempfile.TemporaryDirectory() as place:
        session = Session(demo_folder(Path(place)), {"TRIMTAB_HOME": f"{place}/home", **PERSON})

        def now(block: re.Match[str]) -> str:
            if block[1] != "console":
                return block[0]
            code = block[2]
            for plan in (session.cwd / "plans").glob("*.json"):
                code = re.sub(r"plans/[\w-]+\.json", f"plans/{plan.name}", code)
            return f"```console\n{replayed(code, session)}```"

        text = BLOCK.sub(now, page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for name in map(Path, sys.argv[1:]):
        if name.suffix == ".md":
            update_blocks(name)
        else:
            update(name)
