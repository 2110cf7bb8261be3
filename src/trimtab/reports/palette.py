"""The colours of policies in pages, notebooks and pictures, told apart by colour-blind eyes too."""

from __future__ import annotations

from collections.abc import Sequence

LIGHT = (
    "#0b5cad", "#db7726", "#03361c", "#8f3ef3", "#901469", "#505103", "#9d5a5b", "#7991a5",
)  # fmt: skip
"""On white. Searched, within eight families of hue, for the largest least distance between any two
as seen with normal eyes and without red, green or blue cones; each has a contrast of 3 or more."""

DARK = (
    "#6cb2ff", "#fa8d00", "#4df9f0", "#6a50e4", "#99577d", "#d0ea77", "#d33410", "#9d9d9d",
)  # fmt: skip
"""Of the same families, found likewise, on the dark page."""

TONES = len(LIGHT)
"""Colours that there are; after them they come again, dashed."""


def variables(colours: Sequence[str]) -> str:
    """The colours as CSS variables --c0, --c1 and so on."""
    return ";".join(f"--c{number}:{colour}" for number, colour in enumerate(colours))
