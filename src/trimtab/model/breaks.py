"""That correlations broke away from their past since a target was last found."""

from __future__ import annotations

from datetime import date

from trimtab.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Break:
    """What the test of broken correlations says of a target's leaves, for `breakdown`.

    Args:
        target: `household`, or the account whose own target it is.
        on: The first session since the target was last found at which the test rejects; None where
            it rejects at none.
        since: The first of the sessions in a row, `on` the last of them, at which it does.
        told: What moved from what to what, in words.
        lacking: Why nothing can be said, in a sentence; else empty.
    """

    target: str
    on: date | None = None
    since: date | None = None
    told: str = ""
    lacking: str = ""
