"""What a study comes to: figures with their intervals, a text, a picture; and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

HOME = Path(__file__).resolve().parent
SHARED = HOME.parents[1] / "shared"
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure and the interval in which it lies, as far as chance goes."""

    value: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        """The figure with its interval, each by the same format: `0.52 [0.50, 0.55]`."""
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def holds(self, value: float) -> bool:
        """Whether a value lies inside the interval."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Finding:
    """What a study found.

    Args:
        figures: By name, for tests and other programs.
        text: What it means, in Markdown, with the figures in it.
        charts: SVG texts by the ending of their file's name, usually one without an ending.
    """

    figures: Mapping[str, float | Estimate]
    text: str = field(repr=False)
    charts: Mapping[str, str] = field(repr=False)

    def estimate(self, name: str) -> Estimate:
        """A figure that has an interval."""
        found = self.figures[name]
        assert isinstance(found, Estimate)
        return found

    def value(self, name: str) -> float:
        """A figure, without its interval if it has one."""
        found = self.figures[name]
        return found.value if isinstance(found, Estimate) else found


def spread(samples: Sequence[float] | NDArray[np.float64], value: float | None = None) -> Estimate:
    """A percentile interval of samples, around their median or the value that is given."""
    middle = float(np.median(samples)) if value is None else value
    tail = 50.0 * (1.0 - LEVEL)
    low, high = np.percentile(samples, [tail, 100.0 - tail])
    return Estimate(middle, float(low), float(high))


def resampled(
    table: NDArray[np.float64],
    figure: Callable[[NDArray[np.float64]], float],
    *,
    times: int = 200,
    seed: int = 0,
) -> Estimate:
    """A figure of the means over paths, and how far it would be off with other paths.

    Args:
        table: Figures by path, the paths first.
        figure: What to make of the means over all paths, shape table.shape[1:].
        times: How often the paths are drawn anew, with repetition.
        seed: Of that chance.
    """
    generator = np.random.default_rng(seed)
    flat = table.reshape(len(table), -1)
    shares = generator.multinomial(len(flat), np.full(len(flat), 1 / len(flat)), size=times)
    means = (shares / len(flat)) @ flat
    found = [figure(mean.reshape(table.shape[1:])) for mean in means]
    return spread(found, figure(table.mean(axis=0)))


def wrapped(text: str) -> str:
    """A text's paragraphs in lines of a hundred characters; tables as they are."""
    parts = [part.strip() for part in text.strip().split("\n\n")]
    return "\n\n".join(part if part.startswith("|") else fill(part, 100) for part in parts)


def table_text(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown: the first column to the left, the others to the right."""
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def opening(module: ModuleType) -> str:
    """What a study says of itself, as the beginning of its text: a heading and its question."""
    first, _, rest = (module.__doc__ or "").strip().partition("\n")
    return f"# {first.rstrip('.')}\n\n{rest.strip()}\n"


def write(module: ModuleType, found: Finding, folder: Path = HOME) -> list[Path]:
    """Write a study's text and pictures beside its script; the files that were written."""
    name = module.__name__.rpartition(".")[2]
    pictures = {f"{name}{ending}.svg": chart for ending, chart in found.charts.items()}
    shown = "\n\n".join(f"![{name}]({file})" for file in pictures)
    made = f"Written by `make studies` from [{name}.py]({name}.py)."
    text = "\n".join([opening(module), shown, "", wrapped(found.text), "", made, ""])
    written = {f"{name}.md": text, **pictures}
    for file, content in written.items():
        (folder / file).write_text(content, encoding="utf-8")
    return [folder / file for file in written]
