"""Exact prices in another currency brought to the portfolio's, before anybody else sees them.

What `exchange_rates` is for the arrays of research this is for the price files of plans: the same
pairs, the same rate of the same session, the same last known one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path

from trimtab.adapters.price_rate import OLDEST_RATE, Brought, Rate, brought_over
from trimtab.adapters.price_rows import Series
from trimtab.adapters.price_tape import Tape, price_from
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.market import Dividend, Unconverted
from trimtab.model.sessions import Calendar

_ITSELF = Rate(Fraction(1))


@dataclass(frozen=True, slots=True)
class Exchange:
    """What prices are brought to, and by what.

    Args:
        home: The portfolio's currency.
        fx: The file of rates, as prices of pairs; None: they are looked for among the prices.
    """

    home: str
    fx: Path | None = None


class Rates:
    """Rates by currency and day, from the rows of price files.

    Args:
        home: The portfolio's currency.
        series: Rows by pair: EURUSD is dollars for one euro; where only USDEUR is there, its
            inverse counts.
        calendar: Whose sessions the age of a rate is counted in.
    """

    def __init__(self, home: str, series: Mapping[str, list[Series]], calendar: Calendar) -> None:
        self.home = home
        self.series = series
        self.calendar = calendar
        self._pairs: dict[str, tuple[str, list[str], list[str]]] = {}
        self._known: dict[tuple[str, str], Rate | None] = {}

    def pair(self, code: str) -> str:
        """The pair that a currency is brought over by: that which is there, else the usual one."""
        return self._rows(code)[0]

    def rate(self, code: str, day: str) -> Rate | None:
        """What a currency is worth on a day; None where no rate is young enough."""
        if code == self.home:
            return _ITSELF
        key = code, day
        if key not in self._known:
            self._known[key] = self._find(code, day)
        return self._known[key]

    def _find(self, code: str, day: str) -> Rate | None:
        pair, days, texts = self._rows(code)
        place = bisect_right(days, day) - 1
        if place < 0:
            return None
        on, price = days[place], price_from(texts[place])
        assert price is not None, "rows without a rate were left out"
        since, until = date.fromisoformat(on), date.fromisoformat(day)
        age = 0 if on == day else self.calendar.sessions_between(since, until)
        if age > OLDEST_RATE:
            return None
        value = Fraction(price.decimal)
        turned = value if pair == code + self.home else 1 / value
        return Rate(turned, pair, texts[place].strip(), on, age)

    def _rows(self, code: str) -> tuple[str, list[str], list[str]]:
        if code not in self._pairs:
            pairs = code + self.home, self.home + code
            pair = next((name for name in pairs if name in self.series), pairs[0])
            rows = sorted(
                (day, text)
                for one in self.series.get(pair, ())
                for day, text in zip(one.days, one.texts(one.close), strict=True)
                if price_from(text) is not None
            )
            self._pairs[code] = pair, [day for day, _ in rows], [text for _, text in rows]
        return self._pairs[code]


def bring_home(tape: Tape, quoted: str, rates: Rates) -> None:
    """A tape's prices and dividends in the portfolio's currency; splits know no currency.

    A row without a rate keeps its day and has no price, and no dividend.

    Args:
        tape: In and out.
        quoted: What its prices are in where no row says so.
        rates: From the portfolio's price files.
    """
    home = tape.currency = rates.home
    if quoted == home and (tape.currencies is None or {*tape.currencies} <= {"", home}):
        return
    codes = [code.strip() or quoted for code in tape.currencies or [""] * len(tape.days)]
    found = [rates.rate(code, day) for code, day in zip(codes, tape.days, strict=True)]
    since: list[int] = []
    for place, rate in enumerate(found):
        start = since[-1] if place and since[-1] >= 0 else place
        since.append(-1 if rate is not None else start)
    tape.brought = Brought(tape.prices, codes, found, since)
    tape.prices = [
        text if rate is _ITSELF else _over(text, rate)
        for text, rate in zip(tape.prices, found, strict=True)
    ]
    tape.currencies = None
    of_day = dict(zip(tape.days, found, strict=True))
    tape.dividends = [
        Dividend(one.instrument, one.on, brought_over(one.amount, rate.value))
        for one in tape.dividends
        if (rate := of_day[one.on.isoformat()]) is not None
    ]


def _over(text: str, rate: Rate | None) -> str:
    """A price as text at a rate; what was none stays as it is, and without a rate it is nothing."""
    price = price_from(text)
    if price is None:
        return text
    return "" if rate is None else str(brought_over(price, rate.value))


def unconverted(tape: Tape, place: int, rates: Rates) -> Unconverted | None:
    """Since when the row at a place, and those before it, have no rate; None where it has one."""
    if tape.brought is None or place < 0 or tape.brought.since[place] < 0:
        return None
    first, code = tape.brought.since[place], tape.brought.codes[place]
    return Unconverted(code, rates.pair(code), tape.day(first), tape.day(place))


def stretches(tape: Tape, rates: Rates, first: str, last: str) -> Iterator[Unconverted]:
    """Each stretch of rows without a rate, of those from one day to another."""
    if tape.brought is None:
        return
    ends = len(tape.days) - 1
    for place, since in enumerate(tape.brought.since):
        is_last = place == ends or tape.brought.since[place + 1] < 0
        if since >= 0 and is_last and first <= tape.days[place] and tape.days[since] <= last:
            found = unconverted(tape, place, rates)
            assert found is not None, "it has no rate"
            yield found


def rates_told(tapes: Iterable[Tape], home: str, first: str, last: str) -> list[Finding]:
    """By which pairs prices of some days were brought over, and where a rate is older than its day.

    Args:
        tapes: Instruments.
        home: The portfolio's currency.
        first, last: The days that are told of.
    """
    used: dict[str, dict[str, Rate]] = {}
    codes: dict[str, str] = {}
    for tape in tapes:
        if tape.brought is None:
            continue
        for day, code, rate in zip(tape.days, tape.brought.codes, tape.brought.rates, strict=True):
            if first <= day <= last and rate is not None and rate.pair:
                used.setdefault(rate.pair, {})[day] = rate
                codes[rate.pair] = code
    findings = []
    for pair, by_day in sorted(used.items()):
        old = [day for day in sorted(by_day) if by_day[day].age > 0]
        newest = by_day[max(by_day)]
        message = (
            f"prices in {codes[pair]} are brought to {home} at {pair} of the same session, last "
            f"{newest.shown} of {newest.on}: values, limits and gains are in {home}."
        )
        findings.append(Finding("converted", pair, message, "info"))
        if old:
            most = max(by_day[day].age for day in old)
            message = (
                f"no rate on {len(old):,} of {len(by_day):,} sessions, first on {old[0]}: the last "
                f"known one was used, up to {most} sessions old."
            )
            if len(by_day) == 1:
                message = (
                    f"no rate of {old[0]}: the last known one was used, of {newest.on}, {most} "
                    f"{'session' if most == 1 else 'sessions'} old. Add the rate of that day."
                )
            findings.append(Finding("rate-held", pair, message, "warning"))
    return findings
