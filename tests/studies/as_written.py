"""What a study's text and picture on file say otherwise than the study does now."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

from studies.finding import HOME, Finding, opening, wrapped

POLYLINE = "{http://www.w3.org/2000/svg}polyline"
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
LAST_DIGIT = 1.01
"""Other machines round otherwise: that may move a last digit, and no more."""
POINTS = 1.0
"""By how much a line of a picture may be elsewhere."""


def differing(module: ModuleType, found: Finding, folder: Path = HOME) -> list[str]:
    """Figures and words that the text on file has otherwise, and lines that the picture has.

    Args:
        module: The study.
        found: What it comes to now, in full: the quick form has other figures.
        folder: Where its files are.
    """
    name = module.__name__.rpartition(".")[2]
    text = (folder / f"{name}.md").read_text(encoding="utf-8").partition("Written by")[0]
    for ending in found.charts:
        text = text.replace(f"![{name}]({name}{ending}.svg)", "")
    now = f"{opening(module)}\n{wrapped(found.text)}"
    if _words(text) != _words(now):
        return [f"{a} is now {b}" for a, b in _pairs(_words(text), _words(now))]
    told = [
        f"{a} is now {b}"
        for a, b in zip(NUMBER.findall(text), NUMBER.findall(now), strict=True)
        if abs(_value(a) - _value(b)) > LAST_DIGIT * 10.0 ** -len(a.partition(".")[2])
    ]
    for ending, drawn in found.charts.items():
        kept = ElementTree.parse(folder / f"{name}{ending}.svg").getroot()
        anew = ElementTree.fromstring(drawn)
        told += [
            f"a line of {name}{ending}.svg: {a} is now {b}"
            for a, b in _pairs(_lines(kept), _lines(anew))
            if len(a) != len(b) or any(abs(x - y) > POINTS for x, y in zip(a, b, strict=True))
        ]
    return told


def _words(text: str) -> list[str]:
    """A text without its numbers, and without how it is broken into lines."""
    return NUMBER.sub("#", text).split()


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def _lines(picture: ElementTree.Element) -> list[list[float]]:
    """Where the points of each line are, across and down in turn."""
    lines = [one.attrib["points"] for one in picture.iter(POLYLINE)]
    return [[float(x) for pair in line.split() for x in pair.split(",")] for line in lines]


def _pairs(ours: list[Any], theirs: list[Any]) -> list[tuple[Any, Any]]:
    """What differs, place by place."""
    from itertools import zip_longest

    return [(a, b) for a, b in zip_longest(ours, theirs, fillvalue=()) if a != b]
