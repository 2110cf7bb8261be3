"""Sessions: which days trade, where periods end, how many sessions lie between two days."""

from __future__ import annotations

import warnings
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.adapters.calendars import UnknownCalendarError, calendar, calendar_names
from trimtab.model.sessions import ALWAYS, PERIODS, Calendar, Period

NEW_YORK = calendar("XNYS")
DAYS = st.dates(date(1985, 1, 1), date(2035, 12, 31))
EXCHANGES = [name for name in calendar_names() if name != ALWAYS.name]


@pytest.mark.parametrize("name", EXCHANGES)
def test_sessions_are_those_of_the_reference_table(name: str) -> None:
    """Every session and every half day from 1990 to 2027 is that of exchange_calendars."""
    reference = pytest.importorskip("exchange_calendars", reason="a developer dependency")
    ours = calendar(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = reference.get_calendar(name, start=str(ours.first), end=str(ours.last))
    closes = theirs.closes.dt.tz_convert(theirs.tz)
    expected = {stamp.date(): close.time() for stamp, close in closes.items()}

    sessions = ours.sessions(ours.first, ours.last)

    assert list(sessions) == list(expected)
    assert ours.early.keys() == {stamp.date() for stamp in theirs.early_closes}
    assert {day: ours.closing_time(day) for day in sessions} == expected
    assert ours.timezone == str(theirs.tz)


@pytest.mark.parametrize(
    ("day", "open_that_day"),
    [
        (date(2000, 2, 29), True),  # a leap day, in a century year that has one
        (date(2012, 2, 29), True),
        (date(2020, 2, 29), False),  # a leap day on a Saturday
        (date(2001, 9, 10), True),
        (date(2001, 9, 11), False),  # the four sessions that did not take place
        (date(2001, 9, 14), False),
        (date(2001, 9, 17), True),
        (date(2012, 10, 29), False),  # hurricane Sandy
        (date(2012, 10, 30), False),
        (date(2012, 10, 31), True),
        (date(2013, 3, 29), False),  # Good Friday at a month's end
        (date(2024, 3, 29), False),
        (date(2021, 6, 18), True),  # Juneteenth became a holiday of the exchange in 2022
        (date(2022, 6, 20), False),
        (date(2024, 6, 19), False),
        (date(2025, 1, 9), False),  # National Day of Mourning
        (date(2021, 12, 31), True),  # a new year's day on a Saturday closes no Friday
    ],
)
def test_new_york_is_open_or_closed_as_it_was(day: date, open_that_day: bool) -> None:
    """The days that calendars get wrong are right: closures, moved holidays, leap days."""
    assert NEW_YORK.is_session(day) is open_that_day


@pytest.mark.parametrize(
    ("day", "closes"),
    [
        (date(2012, 11, 23), time(13)),  # the day after Thanksgiving
        (date(2013, 7, 3), time(13)),
        (date(2012, 12, 24), time(13)),
        (date(1992, 11, 27), time(14)),  # an hour later in those years
        (date(2012, 11, 21), time(16)),
    ],
)
def test_half_days_close_at_their_own_time(day: date, closes: time) -> None:
    """A half day closes early, at the hour of its year; other days at the usual one."""
    assert NEW_YORK.closing_time(day) == closes


@pytest.mark.parametrize(
    ("kind", "day", "end", "key"),
    [
        ("daily", date(2013, 3, 29), date(2013, 3, 28), "2013-03-29"),
        ("weekly", date(2013, 3, 25), date(2013, 3, 28), "2013-W13"),
        ("weekly", date(2013, 3, 31), date(2013, 3, 28), "2013-W13"),
        ("weekly", date(2024, 12, 30), date(2025, 1, 3), "2025-W01"),
        ("monthly", date(2013, 3, 1), date(2013, 3, 28), "2013-03"),
        ("monthly", date(2024, 2, 1), date(2024, 2, 29), "2024-02"),
        ("quarterly", date(2013, 1, 1), date(2013, 3, 28), "2013-Q1"),
        ("quarterly", date(2012, 10, 1), date(2012, 12, 31), "2012-Q4"),
        ("quarterly", date(2012, 5, 31), date(2012, 6, 29), "2012-Q2"),
        ("annual", date(2011, 6, 1), date(2011, 12, 30), "2011"),
    ],
)
def test_a_period_ends_at_its_last_session(kind: Period, day: date, end: date, key: str) -> None:
    """The end of a period is a session, also when its last weekday is a holiday."""
    assert NEW_YORK.period_end(kind, day) == end
    assert NEW_YORK.period_key(kind, day) == key


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2013, 3, 27), "2013-02"),
        (date(2013, 3, 28), "2013-03"),  # Thursday before Good Friday: the month's last session
        (date(2013, 3, 29), "2013-03"),
        (date(2013, 4, 1), "2013-03"),  # missed on the 28th, made up for on the 1st
        (date(2013, 4, 29), "2013-03"),
        (date(2013, 4, 30), "2013-04"),
    ],
)
def test_a_period_is_due_from_its_last_session_until_the_next_ones(day: date, due: str) -> None:
    """What is due is the newest period whose last session has come; a missed one stays due."""
    assert NEW_YORK.period_due("monthly", day) == due


@given(day=DAYS, kind=st.sampled_from(PERIODS))
def test_days_of_one_period_share_its_key_and_its_end(day: date, kind: Period) -> None:
    """Keys change exactly where periods do, and sort by time."""
    following = day + timedelta(days=1)

    same = NEW_YORK.period_key(kind, day) == NEW_YORK.period_key(kind, following)

    assert NEW_YORK.period_key(kind, day) <= NEW_YORK.period_key(kind, following)
    if same:
        assert NEW_YORK.period_end(kind, day) == NEW_YORK.period_end(kind, following)
    elif kind != "daily":
        assert NEW_YORK.period_end(kind, day) <= day


@settings(max_examples=200)
@given(start=DAYS, length=st.integers(0, 900), name=st.sampled_from(calendar_names()))
def test_counting_sessions_agrees_with_walking_them(start: date, length: int, name: str) -> None:
    """The count between two days is the number of sessions after the one up to the other."""
    market = calendar(name)
    end = start + timedelta(days=length)

    walked = len(market.sessions(start + timedelta(days=1), end))

    assert market.sessions_between(start, end) == walked
    assert market.sessions_between(end, start) == -walked


@settings(max_examples=200)
@given(day=DAYS, name=st.sampled_from(calendar_names()))
def test_the_neighbours_of_a_day_are_sessions_with_none_between(day: date, name: str) -> None:
    """Next and previous are the nearest sessions: one step forward is one session of age."""
    market = calendar(name)

    before = market.session_on_or_before(day - timedelta(days=1))
    after = market.next_session(day)

    assert before < day < after
    assert market.is_session(before)
    assert market.is_session(after)
    assert market.sessions_between(before, after) == 1 + market.is_session(day)
    assert market.session_on_or_before(day) == (day if market.is_session(day) else before)
    assert market.session_on_or_after(day) == (day if market.is_session(day) else after)


def test_outside_the_table_weekdays_are_sessions_and_it_says_so() -> None:
    """Beyond what is known about holidays, weekdays are assumed and `covers` is False."""
    labor_day_1985, christmas_2028 = date(1985, 9, 2), date(2028, 12, 25)

    assumed = [NEW_YORK.is_session(labor_day_1985), NEW_YORK.is_session(christmas_2028)]

    assert assumed == [True, True]
    assert not NEW_YORK.covers(labor_day_1985)
    assert not NEW_YORK.covers(christmas_2028)
    assert NEW_YORK.covers(NEW_YORK.first)
    assert NEW_YORK.covers(NEW_YORK.last)


def test_a_saturday_session_counts() -> None:
    """An extra session on a weekend is a session like any other."""
    saturday = date(2024, 3, 30)
    market = Calendar("TEST", date(2024, 1, 1), date(2024, 12, 31), extra=frozenset({saturday}))

    end = market.period_end("monthly", date(2024, 3, 4))

    assert end == saturday
    assert market.sessions_between(date(2024, 3, 29), date(2024, 4, 1)) == 2


def test_always_trades_every_day() -> None:
    """`24/7` has a session on each calendar day, at any distance."""
    market = calendar("24/7")

    count = market.sessions_between(date(2023, 12, 31), date(2024, 12, 31))

    assert count == 366
    assert market.covers(date(1900, 1, 1))
    assert market.period_end("monthly", date(2024, 2, 3)) == date(2024, 2, 29)


@pytest.mark.parametrize(("name", "near"), [("XNSY", "XNYS"), ("xlom", "XLON"), ("XNY", "XNYS")])
def test_an_unknown_calendar_is_refused_with_the_nearest_known(name: str, near: str) -> None:
    """A mistyped calendar is an error that names the one that was probably meant."""
    with pytest.raises(UnknownCalendarError) as trouble:
        calendar(name)

    assert near in str(trouble.value).split("Known:")[0]


def test_nasdaq_keeps_the_days_of_new_york() -> None:
    """An exchange that keeps another's days has its own name and the same sessions."""
    nasdaq = calendar("xnas")

    assert nasdaq.name == "XNAS"
    assert nasdaq.closed == NEW_YORK.closed


def test_the_table_is_what_its_script_makes() -> None:
    """The committed table is the script's output, so nobody has edited it by hand."""
    pytest.importorskip("exchange_calendars", reason="a developer dependency")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from scripts import make_calendars

        made = make_calendars.files()
    made.pop("index.json")  # names the version it was made with

    committed = {
        path.name: path.read_text(encoding="utf-8")
        for path in Path(make_calendars.FOLDER).glob("X*.json")
    }

    assert committed == made
