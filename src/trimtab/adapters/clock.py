"""The time of day: the system's clock, and one that stands still for tests and replays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trimtab.targets.solvers.limits import Search


def time_limit(seconds: float, *, elapsed: Callable[[], float] = monotonic) -> Search:
    """A search that ends so many seconds from now, with the best so far: for `Constraints.search`.

    Args:
        seconds: From this call on.
        elapsed: Seconds that have gone by; tests give their own.

    Raises:
        ValueError: `seconds` is not above zero.
    """
    from trimtab.targets.solvers.limits import Search

    if not seconds > 0.0:
        raise ValueError(f"time_limit {seconds!r}: seconds, above zero")
    end = elapsed() + seconds

    def stop(looked: int, best: float, bound: float) -> bool:
        return elapsed() > end

    return Search(most_nodes=10**12, stop=stop)


class SystemClock:
    """The port `Clock` as the machine offers it."""

    def now(self) -> datetime:
        """The instant now, in UTC."""
        return datetime.now(UTC)


class StillClock:
    """The port `Clock` for tests and replays: it moves only when told to.

    >>> clock = StillClock(datetime(2026, 3, 31, 20, 0, tzinfo=UTC))
    >>> clock.move(timedelta(seconds=5))
    >>> clock.now().second
    5
    """

    def __init__(self, at: datetime) -> None:
        assert at.tzinfo is not None, "a moment without a zone is no instant"
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The instant at which it stands."""
        return self._at

    def move(self, by: timedelta) -> None:
        """Move it; below zero moves it back, as clocks do."""
        self._at += by
