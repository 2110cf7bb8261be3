"""The time of day: the system's clock, and one that stands still for tests and replays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


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
