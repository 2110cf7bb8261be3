"""Which policies a sweep runs: all combinations of when, how far, target and costs, or some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from trimtab.costs import Costs
from trimtab.model.policy import (
    Policy,
    PolicyError,
    To,
    When,
    check_policy,
    parse_policy,
    parse_to,
    parse_when,
    refuse_dynamic,
)
from trimtab.model.ranges import ranged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Grid:
    """Which policies a sweep runs: one a row, by what each is made of.

    Args:
        whens: Ways to say when; likewise the next three.
        tos: Ways to say how far.
        targets: What to hold, by name.
        costs: What trading costs, by name.
        rows: Of each policy the places in those four, shape (policies, 4).
        left_out: Combinations that contradict themselves, as `to edge` without a band.
    """

    whens: tuple[When, ...]
    tos: tuple[To, ...]
    targets: Mapping[str, Any]
    costs: Mapping[str, Costs]
    rows: Integers = field(repr=False)
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def policy(self, row: int) -> tuple[Policy, Costs]:
        """One policy of it, to be run by itself, with what trading costs it."""
        when, to, target, cost = (int(place) for place in self.rows[row])
        held, charged = list(self.targets.values())[target], list(self.costs.values())[cost]
        return Policy(held, self.whens[when], self.tos[to], self.name(row)), charged

    def row(self, words: str) -> int | None:
        """The first policy with this when and to and the first target; None where there is none."""
        import numpy as np

        when, to = parse_policy(words)
        if when not in self.whens or to not in self.tos:
            return None
        wanted = [self.whens.index(when), self.tos.index(to), 0]
        found = np.flatnonzero((self.rows[:, :3] == wanted).all(axis=1))
        return int(found[0]) if len(found) else None

    def name(self, row: int) -> str:
        """What a policy is called: its words, and its target and costs where there are several."""
        when, to, target, cost = (int(place) for place in self.rows[row])
        parts = [f"{self.whens[when]} to {self.tos[to]}"]
        if len(self.targets) > 1:
            parts.append(list(self.targets)[target])
        if len(self.costs) > 1:
            parts.append(list(self.costs)[cost])
        return ", ".join(parts)


def grid(
    base: Policy,
    *,
    when: Sequence[str | When] | None = None,
    to: Sequence[str | To] | None = None,
    target: Mapping[str, Any] | Sequence[Any] | None = None,
    costs: Costs | Sequence[Costs] | Mapping[str, Costs] | None = None,
    sample: int | None = None,
    seed: int = 0,
) -> Grid:
    """Every combination of what is given, or a sample of them; what is not given is as in `base`.

    Args:
        base: The policy that is varied.
        when: When to act, in words; `band:{1..10}pp` and `band:{1..10/0.5}pp` are ranges.
        to: How far to trade, in words, with ranges as well.
        target: What to hold: several targets, by name or not.
        costs: What trading costs: one, several, or several by name.
        sample: So many of the combinations at random, without repetition; all by default.
        seed: Of that choice.

    Raises:
        PolicyError: Nothing is left, or words cannot be read.
    """
    import numpy as np

    whens = tuple(dict.fromkeys(one for w in when or () for one in _read(w, parse_when)))
    tos = tuple(dict.fromkeys(one for t in to or () for one in _read(t, parse_to)))
    whens, tos = whens or (base.when,), tos or (base.to,)
    for one in whens:
        refuse_dynamic(one, "a sweep")
    targets = _named(target, "target") or {"target": base.target}
    charged = {"costs": costs} if isinstance(costs, Costs) else _named(costs, "costs")
    charged = charged or {"costs": Costs()}
    fitting = [
        pair for pair in product(range(len(whens)), range(len(tos))) if _fits(whens, tos, *pair)
    ]
    shape = (len(fitting), len(targets), len(charged))
    total = shape[0] * shape[1] * shape[2]
    if total == 0:
        check_policy(whens[0], tos[0])  # says what contradicts itself
        raise PolicyError("no policy is left to run")
    chosen = np.arange(total)
    if sample is not None and sample < total:
        if sample < 1:
            raise PolicyError(f"sample {sample}: at least one policy")
        chosen = np.sort(np.random.default_rng(seed).choice(total, sample, replace=False))
    pair, held, cost = np.unravel_index(chosen, shape)
    pairs = np.array(fitting, dtype=np.int64)[pair]
    rows = np.column_stack([pairs, held, cost]).astype(np.int64)
    left_out = len(whens) * len(tos) - len(fitting)
    return Grid(whens, tos, targets, charged, rows, left_out)


_Read = TypeVar("_Read", When, To)


def _read(given: str | _Read, parse: Callable[[str], _Read]) -> list[_Read]:
    """What words stand for, all of a range; what was read before stays as it is."""
    return [parse(words) for words in ranged(given)] if isinstance(given, str) else [given]


def _named(given: Any, word: str) -> dict[str, Any]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(name): one for name, one in given.items()}
    return {f"{word} {number}": one for number, one in enumerate(given, start=1)}


def _fits(whens: Sequence[When], tos: Sequence[To], when: int, to: int) -> bool:
    try:
        check_policy(whens[when], tos[to])
    except PolicyError:
        return False
    return True
