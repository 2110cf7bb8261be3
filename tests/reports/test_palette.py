"""The colours of policies: every eye tells them apart, on a light page and on a dark one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from trimtab.reports.palette import DARK, LIGHT

Floats = NDArray[np.float64]

# Machado, Oliveira and Fernandes (2009), severity 1: linear RGB as seen without one kind of cone.
EYES = {
    "all cones": np.eye(3),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip
PAGES = [(LIGHT, "#ffffff"), (DARK, "#12161d")]


def linear(colour: str) -> Floats:
    """A colour in linear RGB."""
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    found: Floats = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return found


def seen(colour: str, eye: Floats) -> Floats:
    """A colour in OKLab, as such an eye sees it."""
    found: Floats = TO_LAB @ np.cbrt(TO_CONES @ np.clip(eye @ linear(colour), 0.0, 1.0))
    return found


@pytest.mark.parametrize("colours", [LIGHT, DARK])
@pytest.mark.parametrize("eye", EYES)
def test_no_two_colours_look_alike(colours: tuple[str, ...], eye: str) -> None:
    """Any two are at least 0.1 apart in OKLab, also for eyes without one kind of cone."""
    places = [seen(colour, EYES[eye]) for colour in colours]

    assert min(np.linalg.norm(a - b) for a, b in combinations(places, 2)) >= 0.1


@pytest.mark.parametrize(("colours", "page"), PAGES)
def test_every_colour_stands_out_from_its_page(colours: tuple[str, ...], page: str) -> None:
    """Each has a contrast of 3 to 1, what WCAG 2.2 asks of graphics."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    ground = linear(page) @ weights
    ratios = []
    for colour in colours:
        own = linear(colour) @ weights
        ratios.append((max(own, ground) + 0.05) / (min(own, ground) + 0.05))

    assert min(ratios) >= 3.0
