"""What of a history can be used: gaps, returns that never change, instruments too young."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from trimtab.estimates.arrays import is_complete, names_of, never_changing, returns_with_gaps
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from trimtab.estimates.arrays import Floats

Missing: TypeAlias = Literal["common", "pairwise", "leave-out"]
MISSING: tuple[str, ...] = get_args(Missing)

LEAST_SESSIONS = 60
"""Fewer returns than this teach nothing: three months."""

LONG_ENOUGH = 0.9
"""Who knows less than this share of the longest history makes the common one short."""


@dataclass(frozen=True, slots=True)
class UsableHistory:
    """The part of a history that estimates may learn from.

    Args:
        returns: Shape (sessions used, instruments kept); NaN only where history is `pairwise`.
        sessions: Which rows of what came in they are, shape (sessions used,).
        kept: Which columns of what came in they are, shape (instruments kept,).
        findings: What was left out, and why. One of severity `error` means that nothing is left to
            learn from: `returns` is then empty.
    """

    returns: Floats
    sessions: NDArray[np.int64]
    kept: NDArray[np.int64]
    findings: tuple[Finding, ...]


def usable(
    returns: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    missing: Missing = "common",
    least: int = LEAST_SESSIONS,
) -> UsableHistory:
    """What of a history can be used, and what was left out of it, said by name.

    Instruments that know too little, that never change, or whose returns are no numbers are left
    out; where these can be no returns, as prices or percent, nothing is used. Where the rest begin
    on different days, `common` takes the sessions that all know, which every estimate can use;
    `pairwise` keeps each instrument's own and leaves the gaps, for `pairwise_covariance` and the
    means; `leave-out` is `common` without those that know less than nine tenths of the longest.

    Args:
        returns: Shape (sessions, n), oldest first; NaN where there is none.
        names: What findings call the instruments, n of them.
        missing: One of MISSING.
        least: The fewest sessions that an instrument, and the common history, must have.

    Raises:
        ValueError: Shapes do not belong together, or `missing` is another word.
    """
    import numpy as np

    if missing not in MISSING:
        raise ValueError(f"missing {missing!r}: one of {', '.join(MISSING)}")
    table = returns_with_gaps(returns)
    named = names_of(table.shape[1], names)
    if len(table) >= least and _plainly_usable(table):
        sessions, columns = table.shape
        return UsableHistory(table, np.arange(sessions), np.arange(columns), ())
    wrong_kind = _no_returns(table, named)
    if wrong_kind:
        nothing = np.empty(0, dtype=np.int64)
        return UsableHistory(table[np.ix_(nothing, nothing)], nothing, nothing, wrong_kind)
    findings: list[Finding] = []
    kept: list[int] = []
    for i, name in enumerate(named):
        wrong = _wrong(table[:, i], name, least)
        if wrong is None:
            kept.append(i)
        else:
            findings.append(wrong)
    if missing == "leave-out" and kept:
        kept, left = _long_enough(table, kept, named)
        findings += left
    columns = np.array(kept, dtype=np.int64)
    known = ~np.isnan(table[:, columns])
    if missing != "pairwise":
        rows = np.flatnonzero(known.all(axis=1)) if kept else np.empty(0, dtype=np.int64)
    else:
        rows = np.flatnonzero(known.any(axis=1))
    own = [named[i] for i in kept]
    if missing != "pairwise" and kept:
        findings += _shortened(known, own, len(rows), least)
        # Over fewer sessions a return may stand still that once moved.
        findings += [
            Finding("history-constant", name, _stands_still(name, len(rows)), "error")
            for name, column in zip(own, table[np.ix_(rows, columns)].T, strict=True)
            if len(rows) >= least and len(never_changing(column[:, None]))
        ]
    elif kept:
        findings += _pairs_short(known, own, least)
    if not kept:
        message = f"None of the {len(named)} instruments has a history to learn from."
        findings.append(Finding("history-empty", "history", message, "error"))
    if any(finding.severity == "error" for finding in findings):
        rows, columns = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    return UsableHistory(table[np.ix_(rows, columns)], rows, columns, tuple(findings))


def _plainly_usable(table: Floats) -> bool:
    """Whether all is known and every column moves, seen at a glance; if not, look closer."""
    import numpy as np

    if not is_complete(table) or not can_be_returns(table):
        return False
    least = 1e-12 * float(np.vdot(table, table)) ** 0.5  # at least as much of any column's largest
    alike = np.flatnonzero(np.abs(table[0] - table[-1]) <= least)
    return not len(alike) or bool(np.ptp(table[:, alike], axis=0).min() > least)


def can_be_returns(table: Floats) -> bool:
    """Whether nothing loses more than all, and not everything at least doubles, at a glance."""
    return bool(-1.0 <= table.min() <= 1.0)


def _no_returns(table: Floats, names: Sequence[str]) -> tuple[Finding, ...]:
    """That these are no simple returns, but prices or percent."""
    import numpy as np

    remedy = "Give simple returns as fractions, 0.01 for 1%, as prices.pct_change() has them."
    for column, name in zip(table.T, names, strict=True):
        known = column[np.isfinite(column)]
        if not len(known):
            continue
        least = float(known.min())
        if least < -1.0:
            message = f"{name} has a return of {least:.0%}: nothing loses more than all. {remedy}"
            return (Finding("history-impossible", name, message, "error"),)
        if least > 1.0:
            message = (
                f"every return of {name} is above 100%, the least {least:.0%}: these seem to be "
                f"prices. {remedy}"
            )
            return (Finding("history-impossible", name, message, "error"),)
    return ()


def _wrong(column: Floats, name: str, least: int) -> Finding | None:
    """Why an instrument is left out."""
    import numpy as np

    infinite = int(np.isinf(column).sum())
    if infinite:
        message = f"{name} is left out: {infinite} of its returns are infinite. Check its prices."
        return Finding("history-infinite", name, message)
    known = column[~np.isnan(column)]
    if len(known) < least:
        message = (
            f"{name} is left out: it has {len(known)} returns, and {least} are the least to learn "
            "from. Give more prices, or something that stands in for it."
        )
        return Finding("history-missing", name, message)
    if len(never_changing(known[:, None])):
        message = f"{name} is left out: {_stands_still(name, len(known))}"
        return Finding("history-constant", name, message)
    return None


def _long_enough(
    table: Floats, kept: list[int], names: Sequence[str]
) -> tuple[list[int], list[Finding]]:
    """Who knows most of the longest history, and who is left out for knowing less."""
    import numpy as np

    counts = {i: int((~np.isnan(table[:, i])).sum()) for i in kept}
    longest = max(counts.values())
    short = [i for i in kept if counts[i] < LONG_ENOUGH * longest]
    findings = [
        Finding(
            "history-left-out",
            names[i],
            f"{names[i]} is left out: it has {counts[i]} of up to {longest} returns.",
        )
        for i in short
    ]
    return [i for i in kept if i not in short], findings


def _stands_still(name: str, sessions: int) -> str:
    return f"the return of {name} is the same in all {sessions} sessions. Check its prices."


def _shortened(
    known: NDArray[np.bool_], names: list[str], common: int, least: int
) -> list[Finding]:
    """What the common history costs, and who shortens it most."""
    counts = known.sum(axis=0)
    longest = int(counts.max())
    if common == longest:
        return []
    without = [int(_all_but(known, i).sum()) for i in range(len(names))]
    # Where two are short for the same stretch, leaving out one gains nothing: then the youngest.
    worst = max(range(len(names)), key=lambda i: (without[i], -int(counts[i])))
    name = names[worst]
    gain = f", and without it there would be {without[worst]}" if without[worst] > common else ""
    told = (
        f"{common} sessions are common to all {len(names)} instruments, of up to {longest}: "
        f"{name} has {int(counts[worst])}{gain}."
    )
    if common < least:
        message = f"{told} {least} are the least to learn from: leave it out, or estimate by pairs."
        return [Finding("history-too-short", name, message, "error")]
    return [Finding("history-shortened", name, f"Estimates use less than there is: {told}")]


def _all_but(known: NDArray[np.bool_], out: int) -> NDArray[np.bool_]:
    import numpy as np

    if known.shape[1] == 1:
        return np.zeros(len(known), dtype=np.bool_)
    rest = np.delete(known, out, axis=1)
    return np.asarray(rest.all(axis=1), dtype=np.bool_)


def _pairs_short(known: NDArray[np.bool_], names: list[str], least: int) -> list[Finding]:
    """That pairs know different stretches, and the pair that knows least."""
    import numpy as np

    if known.all():
        return []
    weights = known.astype(np.float64)
    shared = weights.T @ weights
    one, other = divmod(int(shared.argmin()), len(names))
    fewest = int(shared[one, other])
    pair = names[one] if one == other else f"{names[one]} and {names[other]}"
    told = f"{pair} share {fewest} sessions of {len(known)}"
    if fewest < least:
        message = f"{told}, and {least} are the least to learn from: leave one of them out."
        return [Finding("history-too-short", pair, message, "error")]
    message = f"Each pair is estimated over the sessions that it shares: {told}, the fewest."
    return [Finding("history-pairwise", pair, message, "info")]
