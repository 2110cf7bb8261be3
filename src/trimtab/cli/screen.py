"""Writing to the terminal: reports as text, results as one JSON object, troubles on stderr."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trimtab.model.errors import Problem
    from trimtab.model.findings import Finding
    from trimtab.reports.layout import Look

UNSEEN_WIDTH = 120
"""Columns when nobody looks: into a file or a pipe."""


MOST_PROBLEMS = 30
"""So many problems of an input are told to a person; a program gets all of them."""

MOST_ALIKE = 3
"""So many rows of a file are told that say the same."""

_ALL = ": --json lists them all"


@dataclass(frozen=True, slots=True)
class Screen:
    """What standard output can show: columns, signs and colours."""

    width: int
    look: Look


def screen() -> Screen:
    """What standard output can show now.

    `COLUMNS` goes before the terminal's own word. Colours are for terminals that have them, and
    for nobody who set NO_COLOR (https://no-color.org: any text but none at all).
    """
    from dataclasses import replace

    from trimtab.reports.layout import look_for

    asked = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") != "dumb"
    look = look_for(_encoding(sys.stdout), is_coloured=sys.stdout.isatty() and asked)
    return Screen(_width(), replace(look, ask=option))


def _width() -> int:
    asked = os.environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdigit() and 20 <= int(asked) <= 500:
        return int(asked)
    if sys.stdout.isatty():
        try:
            return max(os.get_terminal_size(sys.stdout.fileno()).columns, 20)
        except OSError:
            return 80
    return UNSEEN_WIDTH


def say(text: str) -> None:
    """Print plain lines."""
    write(text + "\n")


def towards_charts(*drawn: object) -> list[str]:
    """By which option charts come, for a person who reads and has none drawn."""
    if any(drawn) or not sys.stdout.isatty():
        return []
    return ["--report report.html writes this with charts, as one file to look at offline."]


def write(text: str) -> None:
    """Write text to standard output; what its encoding lacks is shown as a code."""
    _unfailing(sys.stdout)
    sys.stdout.write(text)


def emit(value: Mapping[str, Any]) -> None:
    """Print one JSON object."""
    import json

    plain = "utf" not in _encoding(sys.stdout).lower()
    write(json.dumps(value, indent=2, ensure_ascii=plain, allow_nan=False) + "\n")


def trouble(error: Exception, *, as_json: bool = False) -> None:
    """Say what stopped a command: to a person, and with --json to the program as well."""
    from trimtab.model.errors import InputError

    text = _told(error)
    lines = text.split("\n")
    if isinstance(error, InputError) and len(error.problems) > MOST_ALIKE:
        lines = _in_short(error.problems)
        if len(lines) > MOST_PROBLEMS:
            more = f"and {len(lines) - MOST_PROBLEMS} more{'' if as_json else _ALL}"
            lines = [*lines[:MOST_PROBLEMS], more]
    _unfailing(sys.stderr)
    sys.stderr.write("".join(f"{literal(line)}\n" for line in lines))
    if not as_json:
        return
    told: dict[str, Any] = {"error": text}
    if isinstance(error, InputError):
        told["problems"] = [
            {
                "file": one.file,
                "line": one.line,
                "key": one.key,
                "wrong": one.wrong,
                "remedy": one.remedy,
            }
            for one in error.problems
        ]
    emit(told)


def _in_short(problems: Sequence[Problem]) -> list[str]:
    """Problems line by line; of those that say the same of many rows, the first few."""
    alike: dict[tuple[str, ...], list[Problem]] = {}
    for one in problems:
        if one.line is not None:
            said = (re.sub(r"'[^']*'|[0-9]+", "", text) for text in (one.wrong, one.remedy))
            alike.setdefault((one.file, one.key, *said), []).append(one)
    last = {id(group[MOST_ALIKE]): group for group in alike.values() if len(group) > MOST_ALIKE + 1}
    hidden = {id(one) for group in last.values() for one in group[MOST_ALIKE + 1 :]}
    lines = []
    for one in problems:
        if id(one) in last:
            key = f" {one.key}:" if one.key else ""
            more = len(last[id(one)]) - MOST_ALIKE
            lines.append(f"{one.file}:{key} the same in {more:,} more rows, from line {one.line}")
        elif id(one) not in hidden:
            lines.append(str(one))
    return lines


def usage_trouble(prog: str, message: str, *, as_json: bool = False) -> None:
    """Say what is wrong with a command line, and where help is; with --json to a program too."""
    _unfailing(sys.stderr)
    sys.stderr.write(f"{prog}: {literal(message)}\nTry '{prog} --help'.\n")
    if as_json:
        emit({"error": f"{prog}: {message}"})


def _told(error: Exception) -> str:
    if isinstance(error, OSError):
        what = error.strerror or str(error)
        return f"{error.filename}: {what}" if error.filename else what
    remedy = getattr(error, "remedy", "")
    return f"{error.args[0]} ({option(remedy)})" if remedy else str(error)


def option(keyword: str, subject: str = "") -> str:
    """How a command line asks for what Python asks for by a keyword.

    >>> option("prices", "FUND"), option("as_it_was")
    ('--price FUND=P', '--as-it-was')
    """
    if keyword == "prices":
        return f"--price {subject}=P"
    return f"--{keyword.replace('_', '-')}"


def progress(text: str) -> None:
    """Say on standard error how far it got, if a person looks; empty text wipes it out."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{text}")
        sys.stderr.flush()


def compiling() -> None:
    """Say that the machine code is made, which is silent and takes long; once an installation."""
    wipe = "\r\x1b[2K" if sys.stderr.isatty() else ""
    sys.stderr.write(
        f"{wipe}Compiling for this machine, up to a minute; later runs find it on disk ...\n"
    )
    sys.stderr.flush()


def remark(findings: Iterable[Finding]) -> None:
    """Print findings below a result that has no place of its own for them."""
    from trimtab.reports.findings_text import findings_text

    on = screen()
    lines = findings_text(tuple(findings), width=on.width, look=on.look, explain=True)
    if lines:
        say("\n".join(["", *lines]))


def literal(text: str) -> str:
    """Text whose control characters are shown, not obeyed."""
    from trimtab.reports.words import clean

    return clean(text)


def asked(question: str) -> bool:
    """Ask yes or no; anything but a clear yes is a no, and so is the end of the input."""
    sys.stdout.flush()
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    try:
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        from trimtab.cli.interrupted import AT_THE_QUESTION

        raise KeyboardInterrupt(AT_THE_QUESTION) from None
    if not answer.endswith("\n"):
        sys.stderr.write("\n")
    if not answer:
        sys.stderr.write("Nobody answered, which is a no: --yes goes on without asking.\n")
    return answer.strip().lower() in ("y", "yes")


def _encoding(stream: TextIO) -> str:
    return getattr(stream, "encoding", None) or "ascii"


def _unfailing(stream: TextIO) -> None:
    """What a stream's encoding cannot write is written as its code instead of failing."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
