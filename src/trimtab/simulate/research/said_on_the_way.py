"""What an estimator says while a run makes its targets: each kind once, with its count."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from trimtab.model.findings import Finding


class Said:
    """What was said of one policy's targets, as they were made."""

    def __init__(self) -> None:
        self._days: set[date] = set()
        self._kinds: dict[str, tuple[Finding, set[date]]] = {}

    def note(self, said: Iterable[Finding], day: date) -> None:
        """Take down what was said of the target that was made on a day; a day counts once."""
        self._days.add(day)
        for finding in said:
            self._kinds.setdefault(finding.code, (finding, set()))[1].add(day)

    def findings(self, policy: str) -> tuple[Finding, ...]:
        """One finding for each kind: of which policy, what was said first, when, and how often."""
        return tuple(
            Finding(
                first.code,
                policy,
                f"{first.message.rstrip('.')}. So on {len(days)} of the {len(self._days)} days on "
                f"which its target was made, first on {min(days)}",
                first.severity,
            )
            for first, days in self._kinds.values()
        )


def said_by(estimator: Any) -> tuple[Finding, ...]:
    """What a fitted estimator has to say: of its estimates, of its answer, of who found it."""
    result, learned = (getattr(estimator, one, None) for one in ("result_", "learned_"))
    said = [*getattr(learned, "findings", ()), *getattr(result, "findings", ())]
    tried = getattr(result, "attempts", ())
    if result is not None and any(one.solver != result.solver for one in tried):
        message = f"the weights are those of a second solver: {result.solved}"
        said.append(Finding("solver-fallback", "target", message, "info"))
    return tuple(one for one in said if isinstance(one, Finding))
