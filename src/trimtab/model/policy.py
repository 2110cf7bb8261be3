"""When to trade and how far: the words of a policy, read once and the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, TypeAlias

from trimtab.model.errors import OptionError
from trimtab.model.frozen import LATER, dataclass

Calendar: TypeAlias = Literal["daily", "weekly", "monthly", "quarterly", "annual"]
ToKind: TypeAlias = Literal["target", "edge", "half", "within"]

CALENDARS: tuple[Calendar, ...] = ("daily", "weekly", "monthly", "quarterly", "annual")
WHEN_FORMS = (
    "never, daily, weekly, monthly, quarterly, annual, band:5pp, band:20%, band:5pp/25%, "
    "drift:5pp, cashflow:500, tracking:1%, worth:2x, breakdown, or several joined by +, as "
    "monthly+band:5pp"
)
TO_FORMS = "target, edge, half, within:1.75pp"

# One number as people type it; the length limit keeps hostile text cheap, [0-9] keeps it ASCII.
_NUMBER = r"([0-9]{1,12}(?:\.[0-9]{1,12})?)"
_POINTS = re.compile(_NUMBER + r"pp")
_PERCENT = re.compile(_NUMBER + r"%")
_TIMES = re.compile(_NUMBER + r"x")
_AMOUNT = re.compile(_NUMBER)
_TEXT_LIMIT = 200
_EXAMPLES = {
    "band": "band:5pp",
    "drift": "drift:5pp",
    "cashflow": "cashflow:500",
    "tracking": "tracking:1%",
    "worth": "worth:2x",
}


class PolicyError(OptionError):
    """A policy that cannot be read, or whose parts contradict each other."""


@dataclass(frozen=True, slots=True)
class When:
    """When a policy acts: on a calendar, on a band, on drift, on new cash, on what is to be gained.

    A calendar with a band or drift means: look on the calendar, act on the band. A band beside
    drift means: whichever comes first. New cash (`cashflow`) and broken correlations (`breakdown`)
    fire beside the rest. `tracking` and `worth` stand as a band does, without one beside them, and
    weigh what prices say of the target.

    Attributes:
        calendar: The period at whose last session the policy looks; None looks at every session.
        never: Nothing ever fires; then everything else is unset.
        band_absolute: Width of an absolute band as a share of the portfolio (5pp is 1/20).
        band_relative: Width of a relative band as a share of the sleeve's target (20% is 1/5).
        drift: Half the sum of absolute deviations that fires, as a share of the portfolio.
        cashflow: New cash since the last rebalance, less what went out, of at least this much money
            fires, in the portfolio's currency.
        tracking: Yearly volatility of the difference between what is held and what is best now
            that fires, as a fraction.
        worth: Expected utility gained in a year by going there, over what it costs, that fires.
        breakdown: Whether correlations that break away from their past fire, once each time.
    """

    calendar: Calendar | None = None
    never: bool = False
    band_absolute: Fraction | None = None
    band_relative: Fraction | None = None
    drift: Fraction | None = None
    cashflow: Decimal | None = None
    tracking: Fraction | None = field(default=None, metadata={LATER: True})
    worth: Fraction | None = field(default=None, metadata={LATER: True})
    breakdown: bool = field(default=False, metadata={LATER: True})

    def __post_init__(self) -> None:
        acts = (
            self.calendar, self.band_absolute, self.band_relative, self.drift, self.cashflow,
            self.tracking, self.worth,
        )  # fmt: skip
        if all(part is None for part in acts) and not self.breakdown:
            object.__setattr__(self, "never", True)
        elif self.never:
            raise PolicyError("when: never stands alone; drop it or the rest.")
        if self.is_dynamic and (self.has_band or self.drift is not None):
            raise PolicyError(
                "when: tracking and worth measure against what is best now, band and drift against "
                "the target last adopted; keep one kind."
            )

    @property
    def is_dynamic(self) -> bool:
        """Whether it weighs what is expected of the target: then estimates are needed."""
        return self.tracking is not None or self.worth is not None

    @property
    def needs_prices(self) -> bool:
        """Whether it asks what prices say of the target's leaves, beyond what they are worth."""
        return self.is_dynamic or self.breakdown

    @property
    def has_band(self) -> bool:
        """Whether sleeves have a band: an absolute one, a relative one, or both."""
        return self.band_absolute is not None or self.band_relative is not None

    def __str__(self) -> str:
        """The canonical words: `parse_when(str(when)) == when`.

        >>> str(parse_when("band:25%/5.0pp+monthly"))
        'monthly+band:5pp/25%'
        """
        if self.never:
            return "never"
        terms: list[str] = []
        if self.calendar is not None:
            terms.append(self.calendar)
        if self.has_band:
            widths = []
            if self.band_absolute is not None:
                widths.append(_points_text(self.band_absolute))
            if self.band_relative is not None:
                widths.append(_decimal_text(self.band_relative * 100) + "%")
            terms.append("band:" + "/".join(widths))
        if self.drift is not None:
            terms.append("drift:" + _points_text(self.drift))
        if self.cashflow is not None:
            terms.append("cashflow:" + _decimal_text(Fraction(self.cashflow)))
        if self.tracking is not None:
            terms.append("tracking:" + _decimal_text(self.tracking * 100) + "%")
        if self.worth is not None:
            terms.append("worth:" + _decimal_text(self.worth) + "x")
        if self.breakdown:
            terms.append("breakdown")
        return "+".join(terms)


@dataclass(frozen=True, slots=True)
class To:
    """How far a policy trades once it acts.

    Attributes:
        kind: `target` (everything to its target), or the least-turnover point at which every
            breached sleeve is back at its band's `edge`, at `half` its band, or `within` a width.
        width: The width that `within` names, as a share of the portfolio; None for the others.
    """

    kind: ToKind = "target"
    width: Fraction | None = None

    def __str__(self) -> str:
        """The canonical words: `parse_to(str(to)) == to`."""
        if self.width is None:
            return self.kind
        return f"{self.kind}:{_points_text(self.width)}"


# What may stand as a policy's target: weights by symbol, dated weights, a function of what is
# known at a date, or an estimator with `fit` and `weights_`. Read by trimtab.targets.
Target: TypeAlias = Mapping[Any, Any] | Callable[..., Any] | Any


@dataclass(frozen=True, init=False)
class Policy:
    """What to hold, when to act, and how far to trade: one policy, for plan and for backtest.

    Attributes:
        target: Weights by symbol as fractions that sum to 1 (a dict), dated weights (a mapping
            of dates to such dicts, or a frame), a function of a view that ends at its date, or an
            estimator with `fit` and `weights_`. None where the portfolio's own target applies.
        when: When it acts.
        to: How far it trades.
        name: What reports call it; None means its words.
        min_trade: The least money a trade is worth making for. Account mode only.
        cash_buffer: Cash that stays outside the base that percentages divide. Account mode only.
        drift_price: The price of one unit of drift left, in money per money: how much cost and
            tax it is worth to remove drift; above 0. None, and 1 or more, mean the nearest point
            to the target first, then the cheapest. Account mode only.

    Raises:
        PolicyError: The words cannot be read, or the parts contradict each other.

    >>> policy = Policy({"SPY": 0.6, "AGG": 0.4}, when="band:5pp", to="half")
    >>> policy.label
    'band:5pp to half'
    """

    target: Target
    when: When
    to: To
    name: str | None
    min_trade: Decimal
    cash_buffer: Decimal
    drift_price: Decimal | None

    def __init__(
        self,
        target: Target = None,
        when: When | str = "never",
        to: To | str = "target",
        name: str | None = None,
        *,
        min_trade: Decimal | int | str = 0,
        cash_buffer: Decimal | int | str = 0,
        drift_price: Decimal | int | str | None = None,
    ) -> None:
        read_when = parse_when(when) if isinstance(when, str) else when
        read_to = parse_to(to) if isinstance(to, str) else to
        check_policy(read_when, read_to)
        _need_fractions(target)
        # A frozen dataclass with its own __init__ so that words are read on the way in and the
        # fields keep one exact type.
        put = object.__setattr__
        put(self, "target", target)
        put(self, "when", read_when)
        put(self, "to", read_to)
        put(self, "name", name)
        put(self, "min_trade", _money("min_trade", min_trade))
        put(self, "cash_buffer", _money("cash_buffer", cash_buffer))
        price = None if drift_price is None else _money("drift_price", drift_price)
        if price == 0:
            raise PolicyError(
                f"drift_price {drift_price!r}: must be above zero; when='never' never trades."
            )
        put(self, "drift_price", price)

    @cached_property
    def words(self) -> str:
        """The policy's canonical words, as the command line takes them."""
        return f"{self.when} to {self.to}"

    @property
    def label(self) -> str:
        """What reports call this policy: its name, or else its words."""
        return self.words if self.name is None else self.name


def _need_fractions(target: Target) -> None:
    """Refuse weights in percent where they are written; other sums are told by what runs them."""
    if not isinstance(target, Mapping):
        return
    weights = target.values()
    if not all(isinstance(weight, int | float | Decimal | Fraction) for weight in weights):
        return
    if abs(sum(map(float, weights)) - 100) < 1e-6:
        meant = {symbol: float(weight) / 100 for symbol, weight in target.items()}
        raise PolicyError(f"target: these weights are percent: divide them by 100, as {meant}.")


def parse_when(text: str) -> When:
    """Read when a policy acts from its words.

    Args:
        text: Terms joined by `+`: a calendar, `band:5pp`, `band:20%`, `band:5pp/25%`,
            `drift:5pp`, `cashflow:500`, `tracking:1%`, `worth:2x`, `breakdown`, or `never` alone.

    Raises:
        PolicyError: A term is unknown, repeated or out of range, with the nearest known word.

    >>> parse_when("monthly+band:5pp").band_absolute
    Fraction(1, 20)
    """
    terms = [term.strip() for term in _checked_text(text, "when", WHEN_FORMS).split("+")]
    calendar: Calendar | None = None
    absolute: Fraction | None = None
    relative: Fraction | None = None
    drift: Fraction | None = None
    cashflow: Decimal | None = None
    tracking: Fraction | None = None
    worth: Fraction | None = None
    breakdown = False
    for term in terms:
        word, colon, value = term.partition(":")
        if word == "never" and not colon:
            if len(terms) > 1:
                raise PolicyError(f"when {text!r}: never stands alone; drop it or the rest.")
            return When(never=True)
        if word in CALENDARS and not colon:
            if calendar is not None:
                raise PolicyError(
                    f"when {text!r}: two calendars, {calendar} and {word}; keep one of them."
                )
            calendar = word
        elif word == "band" and colon:
            if absolute is not None or relative is not None:
                raise PolicyError(
                    f"when {text!r}: two bands; write both widths in one, as band:5pp/25%."
                )
            absolute, relative = _band(value, text)
        elif word == "drift" and colon:
            if drift is not None:
                raise PolicyError(f"when {text!r}: two drifts; keep the smaller.")
            drift = _points(value, f"when {text!r}", "drift:5pp")
        elif word == "cashflow" and colon:
            if cashflow is not None:
                raise PolicyError(f"when {text!r}: two cash flows; keep the smaller.")
            cashflow = _cash(value, text)
        elif word == "tracking" and colon:
            if tracking is not None:
                raise PolicyError(f"when {text!r}: two tracking errors; keep the smaller.")
            tracking = _tracking(value, text)
        elif word == "worth" and colon:
            if worth is not None:
                raise PolicyError(f"when {text!r}: worth twice; keep the smaller.")
            worth = _worth(value, text)
        elif word == "breakdown" and not colon:
            if breakdown:
                raise PolicyError(f"when {text!r}: breakdown twice; keep one of them.")
            breakdown = True
        else:
            raise _unknown("when", text, term, word, bool(colon))
    return When(calendar, False, absolute, relative, drift, cashflow, tracking, worth, breakdown)


def parse_to(text: str) -> To:
    """Read how far a policy trades from its words.

    Raises:
        PolicyError: The word is unknown or its width is out of range.

    >>> parse_to("within:1.75pp").width
    Fraction(7, 400)
    """
    term = _checked_text(text, "to", TO_FORMS).strip()
    word, colon, value = term.partition(":")
    if not colon:
        for kind in ("target", "edge", "half"):
            if word == kind:
                return To(kind)
        if word == "within":
            raise PolicyError(f"to {text!r}: within needs a width, as within:1.75pp.")
    elif word == "within":
        return To("within", _points(value, f"to {text!r}", "within:1.75pp"))
    elif word in ("target", "edge", "half"):
        raise PolicyError(f"to {text!r}: {word} takes no width; write {word} alone.")
    from difflib import get_close_matches

    near = get_close_matches(word, ("target", "edge", "half", "within"), n=1, cutoff=0.5)
    # The nearest word, or all there are: two remedies are one too many.
    hint = f"did you mean {near[0]!r}?" if near else f"valid are {TO_FORMS}."
    raise PolicyError(f"to {text!r}: {term!r} is not known; {hint}")


def parse_policy(text: str) -> tuple[When, To]:
    """Read a whole policy, `WHEN` or `WHEN to TO`, as the command line's --policy takes it.

    Raises:
        PolicyError: A part cannot be read, or the parts contradict each other.

    >>> [str(part) for part in parse_policy("band:5pp to half")]
    ['band:5pp', 'half']
    """
    words = _checked_text(text, "policy", '"band:5pp to half"').split()
    if "to" in words:
        cut = words.index("to")
        when_words, to_words = words[:cut], words[cut + 1 :]
    else:
        when_words, to_words = words, ["target"]
    if not when_words or not to_words:
        raise PolicyError(f'policy {text!r}: half of it is missing; write "band:5pp to half".')
    when, to = parse_when(" ".join(when_words)), parse_to(" ".join(to_words))
    check_policy(when, to)
    return when, to


def check_policy(when: When, to: To) -> None:
    """Refuse a policy whose parts contradict each other.

    Raises:
        PolicyError: `edge` or `half` without a band, or a width that no breach could exceed.
    """
    if to.kind in ("edge", "half") and not when.has_band:
        raise PolicyError(
            f"to {to}: there is no band whose {to.kind} could be meant in when {when}; "
            f"add one, as {_with_band(when)}, or trade to target."
        )
    if to.kind == "within" and to.width is not None:
        only_absolute = when.band_absolute is not None and when.band_relative is None
        if only_absolute and when.band_absolute is not None and to.width > when.band_absolute:
            raise PolicyError(
                f"to {to}: wider than the band in when {when}, so a breached sleeve would never "
                f"be traded back; name a width of at most {_points_text(when.band_absolute)}."
            )


def _with_band(when: When) -> str:
    return "band:5pp" if when.never else f"{when}+band:5pp"


def _checked_text(text: str, what: str, forms: str) -> str:
    if len(text) > _TEXT_LIMIT:
        raise PolicyError(f"{what}: longer than {_TEXT_LIMIT} characters. Valid: {forms}.")
    if not text.strip():
        raise PolicyError(f"{what}: empty. Valid: {forms}.")
    return text


def _unknown(what: str, text: str, term: str, word: str, has_value: bool) -> PolicyError:
    from difflib import get_close_matches

    if word in _EXAMPLES:
        return PolicyError(f"{what} {text!r}: {word} needs a value, as {_EXAMPLES[word]}.")
    if has_value and word in (*CALENDARS, "never", "breakdown"):
        return PolicyError(f"{what} {text!r}: {word} takes no value; write {word} alone.")
    if not term:
        return PolicyError(f"{what} {text!r}: nothing stands beside a +. Valid: {WHEN_FORMS}.")
    known = (*CALENDARS, "never", "breakdown", *_EXAMPLES)
    near = get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"valid are {WHEN_FORMS}."
    return PolicyError(f"{what} {text!r}: {term!r} is not known; {hint}")


def _band(value: str, text: str) -> tuple[Fraction | None, Fraction | None]:
    absolute: Fraction | None = None
    relative: Fraction | None = None
    form = f"when {text!r}: a band is band:5pp (percentage points), band:20% (of the target) or "
    form += "band:5pp/25% (whichever comes first)"
    widths = value.split("/")
    for width in widths:
        if match := _POINTS.fullmatch(width.strip()):
            if absolute is not None:
                raise PolicyError(f"{form}; here are two widths in pp.")
            absolute = _positive_share(match[1], form, most=1)
        elif match := _PERCENT.fullmatch(width.strip()):
            if relative is not None:
                raise PolicyError(f"{form}; here are two widths in %.")
            relative = _positive_share(match[1], form, most=None)
        else:
            raise PolicyError(f"{form}; {width!r} is neither.")
    return absolute, relative


def _points(value: str, where: str, example: str) -> Fraction:
    match = _POINTS.fullmatch(value.strip())
    if match is None:
        raise PolicyError(f"{where}: {value!r} is not a width in percentage points, as {example}.")
    return _positive_share(match[1], f"{where}: the width, as {example},", most=1)


def _positive_share(number: str, where: str, *, most: int | None) -> Fraction:
    # By its digits, in a third of the time that a fraction takes to read text: sweeps have many.
    whole, _, places = number.partition(".")
    share = Fraction(int(whole + places), 100 * 10 ** len(places))
    if not share:
        raise PolicyError(f"{where} must be above zero, not {number}.")
    if most is not None and share.numerator > most * share.denominator:
        raise PolicyError(f"{where} cannot exceed 100pp, not {number}.")
    return share


def _tracking(value: str, text: str) -> Fraction:
    match = _PERCENT.fullmatch(value.strip())
    where = f"when {text!r}: a yearly tracking error, as tracking:1%,"
    if match is None:
        raise PolicyError(f"{where} is in percent; {value!r} is not.")
    return _positive_share(match[1], where, most=1)


def _worth(value: str, text: str) -> Fraction:
    match = _TIMES.fullmatch(value.strip())
    if match is None or Fraction(match[1]) == 0:
        raise PolicyError(
            f"when {text!r}: {value!r} is not how many times the cost must be gained in a year, "
            "above zero, as worth:2x."
        )
    return Fraction(match[1])


def refuse_dynamic(when: When, where: str) -> None:
    """Refuse what weighs what each policy holds, where many share one target.

    Args:
        when: When a policy acts.
        where: What cannot know it, for the message.

    Raises:
        PolicyError: It does.
    """
    if when.is_dynamic:
        raise PolicyError(
            f"when {when}: {where} cannot act on tracking or worth; plans, backtests and batches "
            "can. Here use a band, drift or breakdown."
        )


def _cash(value: str, text: str) -> Decimal:
    match = _AMOUNT.fullmatch(value.strip())
    if match is None or Decimal(match[1]) == 0:
        raise PolicyError(
            f"when {text!r}: {value!r} is not an amount of money above zero, as cashflow:500."
        )
    return Decimal(match[1])


def _money(name: str, value: Decimal | int | str) -> Decimal:
    if isinstance(value, (bool, float)):
        raise PolicyError(
            f"{name} {value!r}: give money as an int, a Decimal or text; not a float."
        )
    if isinstance(value, str) and _AMOUNT.fullmatch(value.strip()) is None:
        raise PolicyError(f"{name} {value!r}: not an amount of money, as 500 or 12.50.")
    amount = Decimal(value)
    if not amount.is_finite() or amount < 0:
        raise PolicyError(f"{name} {value!r}: must be zero or more, and finite.")
    return amount


def _points_text(share: Fraction) -> str:
    return _decimal_text(share * 100) + "pp"


def _decimal_text(number: Fraction) -> str:
    # Every width was read from decimal text, so the division by powers of ten ends; a width made
    # in code that does not end is written as its fraction rather than rounded.
    scaled, places = number, 0
    while scaled.denominator != 1 and places < 40:
        scaled, places = scaled * 10, places + 1
    if scaled.denominator != 1:
        return str(number)
    digits = str(scaled.numerator).rjust(places + 1, "0")
    return digits if places == 0 else f"{digits[:-places]}.{digits[-places:]}"
