"""The words of a policy: what they mean, and what is said when they cannot be read."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.model.plain import from_plain, to_plain
from trimtab.model.policy import (
    CALENDARS,
    Policy,
    PolicyError,
    To,
    When,
    check_policy,
    parse_policy,
    parse_to,
    parse_when,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("never", When(never=True)),
        ("annual", When(calendar="annual")),
        ("band:5pp", When(band_absolute=Fraction(1, 20))),
        ("band:20%", When(band_relative=Fraction(1, 5))),
        (
            "band:5pp/25%",
            When(band_absolute=Fraction(1, 20), band_relative=Fraction(1, 4)),
        ),
        ("monthly+band:5pp", When(calendar="monthly", band_absolute=Fraction(1, 20))),
        ("drift:1.75pp", When(drift=Fraction(7, 400))),
        ("cashflow:500", When(cashflow=Decimal(500))),
        (
            "quarterly+drift:3pp+cashflow:0.5",
            When(calendar="quarterly", drift=Fraction(3, 100), cashflow=Decimal("0.5")),
        ),
    ],
)
def test_when_words_mean_exact_numbers(text: str, expected: When) -> None:
    """Words become exact fractions, never floats."""
    assert parse_when(text) == expected


@pytest.mark.parametrize(
    "target",
    [{"IBM": 60, "BOND10": 40}, {"IBM": Decimal("59.9"), "BOND10": 40.1}, {"IBM": 100}],
)
def test_weights_in_percent_are_refused_where_they_are_written(target: dict[str, float]) -> None:
    """What adds up to 100 is told with the fractions that are meant, before anything runs."""
    with pytest.raises(PolicyError, match=r"divide them by 100, as \{'IBM': "):
        Policy(target)


_share = st.integers(1, 10**6).map(lambda k: Fraction(k, 10**6))


@settings(max_examples=200)
@given(
    calendar=st.none() | st.sampled_from(CALENDARS),
    absolute=st.none() | _share,
    relative=st.none() | st.integers(1, 10**7).map(lambda k: Fraction(k, 10**6)),
    drift=st.none() | _share,
    cashflow=st.none() | st.integers(1, 10**9).map(lambda k: Decimal(k).scaleb(-2)),
    tracking=st.none() | _share,
    worth=st.none() | st.integers(1, 10**6).map(lambda k: Fraction(k, 1000)),
    breakdown=st.booleans(),
)
def test_canonical_words_read_back_to_the_same_policy(
    calendar: str | None,
    absolute: Fraction | None,
    relative: Fraction | None,
    drift: Fraction | None,
    cashflow: Decimal | None,
    tracking: Fraction | None,
    worth: Fraction | None,
    breakdown: bool,
) -> None:
    """Whatever a policy says of itself reads back to that policy."""
    if (absolute, relative, drift) != (None, None, None):
        tracking = worth = None
    parts = (calendar, False, absolute, relative, drift, cashflow, tracking, worth, breakdown)
    when = When(*parts)  # type: ignore[arg-type]

    assert parse_when(str(when)) == when


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("band:25%/5.0pp+monthly", "monthly+band:5pp/25%"),
        (" band:05.50pp ", "band:5.5pp"),
        ("cashflow:500.00", "cashflow:500"),
        ("cashflow:1000000", "cashflow:1000000"),
    ],
)
def test_one_policy_has_one_spelling(text: str, canonical: str) -> None:
    """Different spellings of one policy have the same canonical words."""
    assert str(parse_when(text)) == canonical


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("montly", "'monthly'"),
        ("bnd:5pp", "'band'"),
        ("band", "band:5pp"),
        ("band:5", "neither"),
        ("band:5pp/6pp", "two widths in pp"),
        ("band:5pp+band:20%", "two bands"),
        ("monthly+annual", "two calendars"),
        ("never+band:5pp", "never stands alone"),
        ("never+cashflow:5", "never stands alone"),
        ("monthly:5", "takes no value"),
        ("band:0pp", "above zero"),
        ("band:101pp", "100pp"),
        ("band:-5pp", "neither"),
        ("band:1e999pp", "neither"),
        ("band:٥pp", "neither"),
        ("drift:5%", "percentage points"),
        ("tracking:1pp", "in percent"),
        ("tracking", "tracking:1%"),
        ("tracking:0%", "above zero"),
        ("trackng:1%", "'tracking'"),
        ("worth:2", "worth:2x"),
        ("worth:0x", "above zero"),
        ("worth:2x+worth:3x", "twice"),
        ("monthly+tracking:1%+band:5pp", "keep one kind"),
        ("worth:2x+drift:5pp", "keep one kind"),
        ("cashflow:0", "above zero"),
        ("cashflow:nan", "above zero"),
        ("monthly+", "beside a +"),
        ("", "empty"),
        ("band:" + "9" * 300 + "pp", "longer than"),
    ],
)
def test_a_word_that_cannot_be_read_says_what_would_be_right(text: str, said: str) -> None:
    """An unreadable policy is refused with what was wrong and what would be right."""
    with pytest.raises(PolicyError) as caught:
        parse_when(text)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("target", To("target")),
        ("edge", To("edge")),
        ("half", To("half")),
        ("within:1.75pp", To("within", Fraction(7, 400))),
    ],
)
def test_to_words(text: str, expected: To) -> None:
    """How far a policy trades is one of four words, and reads back from itself."""
    assert parse_to(text) == expected
    assert parse_to(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets", "'target'"),
        ("within", "needs a width"),
        ("within:2%", "percentage points"),
        ("edge:5pp", "takes no width"),
        ("halfway", "'half'"),
        ("", "empty"),
    ],
)
def test_a_destination_that_cannot_be_read_says_what_would_be_right(text: str, said: str) -> None:
    """An unreadable destination is refused with what was wrong and what would be right."""
    with pytest.raises(PolicyError) as caught:
        parse_to(text)

    assert said in str(caught.value)


@pytest.mark.parametrize("to", ["edge", "half"])
@pytest.mark.parametrize("when", ["never", "monthly", "drift:5pp", "cashflow:500"])
def test_edge_and_half_need_a_band(when: str, to: str) -> None:
    """Edge and half without a band are errors: there is no band whose edge could be meant."""
    with pytest.raises(PolicyError):
        check_policy(parse_when(when), parse_to(to))


def test_a_width_beyond_the_band_is_refused() -> None:
    """A policy that could fire without ever trading is an error, not a surprise."""
    with pytest.raises(PolicyError):
        check_policy(parse_when("band:5pp"), parse_to("within:6pp"))


def test_a_whole_policy_reads_as_when_to_where() -> None:
    """The command line's policy is `WHEN to TO`, and to target when it says no more."""
    assert parse_policy("band:5pp to half") == (parse_when("band:5pp"), To("half"))
    assert parse_policy("monthly") == (parse_when("monthly"), To("target"))


@pytest.mark.parametrize("text", ["to half", "band:5pp to", "monthly to half", "band:5pp half"])
def test_half_a_policy_is_refused(text: str) -> None:
    """A policy with a part missing, or with parts that contradict each other, is refused."""
    with pytest.raises(PolicyError):
        parse_policy(text)


def test_policy_reads_its_words_on_the_way_in() -> None:
    """A policy made from words holds what they mean, and can be changed as a value."""
    policy = Policy({"SPY": 0.6, "AGG": 0.4}, when="band:5pp", to="half", min_trade="500")

    wider = replace(policy, when="band:6pp", name="wider")

    assert policy.when.band_absolute == Fraction(1, 20)
    assert policy.min_trade == Decimal(500)
    assert policy.label == "band:5pp to half"
    assert wider.label == "wider"
    assert wider.words == "band:6pp to half"


@pytest.mark.parametrize("bad", ["-1", "nan", "1e9", True, "1,000"])
def test_policy_money_is_exact_and_not_negative(bad: str) -> None:
    """The amounts of a policy are exact money of zero or more."""
    with pytest.raises(PolicyError):
        Policy({"SPY": 1}, min_trade=bad)


@pytest.mark.parametrize("bad", ["0", 0, "0.00", "-0.01"])
def test_drift_is_worth_something(bad: str | int) -> None:
    """A price of drift is above zero: nothing can be weighed against nothing."""
    with pytest.raises(PolicyError):
        Policy({"SPY": 1}, drift_price=bad)


def test_words_that_came_later_leave_saved_plans_as_they_were() -> None:
    """A policy without them has the plain form, and so the hash, that it had before they came."""
    assert sorted(to_plain(parse_when("monthly+band:5pp"))) == [
        "band_absolute",
        "band_relative",
        "calendar",
        "cashflow",
        "drift",
        "never",
    ]
    assert from_plain(When, to_plain(parse_when("tracking:1%"))) == parse_when("tracking:1%")
