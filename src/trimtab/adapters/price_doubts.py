"""What no run in account mode may take for prices, as research mode refuses it too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import isinf
from typing import TYPE_CHECKING

from trimtab.adapters.csv_lines import MOST_PROBLEMS
from trimtab.adapters.price_columns import BELOW_ZERO, SORTED, not_a_number, returns_for_prices
from trimtab.adapters.price_tape import Tape
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding

_PLAIN = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?\n)*", re.ASCII)
"""Volumes of which none has to be looked at by itself."""

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats


def need_history(tapes: Iterable[Tape]) -> None:
    """Make sure that files have prices of some instruments and no returns, and volumes that can be.

    Args:
        tapes: All rows of each instrument.

    Raises:
        InputError: With the file, and the lines of volumes below zero or that are no number.
    """
    by_file: dict[str, list[Tape]] = {}
    for tape in tapes:
        if tape.days:
            by_file.setdefault(tape.source(0)[0].file, []).append(tape)
    problems = []
    for file, own in by_file.items():
        found = returns_for_prices([_numbers(tape) for tape in own])
        if found is not None:
            problems.append(Problem(file, None, "", *found))
        problems += [one for tape in own for one in _volumes_that_are_none(tape)]
    if problems:
        raise InputError(problems[:MOST_PROBLEMS])


def sorted_rows(tapes: Mapping[str, Tape]) -> list[Finding]:
    """That rows of a file were not written oldest first: by instrument, or once for a wide file."""
    told: dict[str, Finding] = {}
    for name, tape in tapes.items():
        for series, places in tape.sources:
            days = [series.days[place] for place in places]
            if days != sorted(days):
                subject = series.file if series.is_wide else name
                message = f"{subject}: {SORTED}"
                told.setdefault(subject, Finding("unsorted", subject, message, "info"))
    return list(told.values())


def _numbers(tape: Tape) -> Floats:
    """The numbers of a tape as its files have them, oldest first, without what is none."""
    import numpy as np

    texts = tape.prices if tape.brought is None else tape.brought.written
    numbers = []
    for text in texts:
        try:
            numbers.append(float(text))
        except ValueError:
            continue
    found = np.array(numbers, dtype=np.float64)
    return found[np.isfinite(found)]


def _volumes_that_are_none(tape: Tape) -> list[Problem]:
    found = []
    for series, places in tape.sources:
        texts = () if series.volume is None else series.texts(series.volume)
        if _PLAIN.fullmatch("".join(f"{text}\n" for text in texts)):
            continue
        for place in places:
            text = texts[place].strip()
            wrong = not_a_number(text) if text else None
            if wrong is None and text and (float(text) < 0 or isinf(float(text))):
                wrong = f"a volume of {float(text):g}", BELOW_ZERO
            if wrong is not None:
                found.append(Problem(series.file, series.lines[place], "volume", *wrong))
    return found
