"""Splits and dividends that the market shows and the record does not have yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from trimtab.execution.held_before import Moved, held_before, moves
from trimtab.ledger import events
from trimtab.ledger.chain import Draft, Entry, sealed
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import Folded
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.market import Dividend, Market, Quote, Split, Step
from trimtab.model.numbers import MINOR_DIGITS, Price, StepPrice, half_even, money_text

AWAITED = timedelta(days=92)
"""How long after its ex-date a dividend is waited for."""

TOLD = timedelta(days=31)
"""How long it is said that a dividend is no longer waited for."""

AGAIN = "-again"
"""What the id of a dividend ends with that is booked anew after its booking was voided."""


@dataclass(frozen=True, slots=True)
class Actions:
    """What has to be booked before a decision, and what its reader should know.

    Args:
        drafts: In the order of their days; every beginning of it is true by itself.
        folded: Everything known once they are booked.
        findings: Dividends that a broker will pay, splits that nobody booked, rough amounts.
    """

    drafts: tuple[Draft, ...]
    folded: Folded
    findings: tuple[Finding, ...]


def actions_due(folded: Folded, market: Market, *, paper: Collection[str], at: str) -> Actions:
    """Splits and dividends after the record's last ones, up to the market's day.

    A split multiplies what every account holds; one that the prices contradict waits until somebody
    says a word about it (`splits_doubted`), and so does what comes after it. Cash of a dividend is
    booked for paper accounts, where nobody else would pay it: position before the ex-date x amount,
    half to even. At a real broker it is booked when the statement shows it, and until then a
    finding says what to expect.

    Args:
        folded: What is known.
        market: A snapshot; its actions reach back at least to `folded.actions_through`.
        paper: Accounts whose dividends are booked here.
        at: The instant of the entries.
    """
    since = folded.actions_through
    missing = splits_missing(folded, market)
    if since is None:
        return Actions((), folded, _unbooked(folded, missing))
    waiting = (*missing, *splits_doubted(folded, market))
    through = max(since, known_through(market))
    waits = _waits(folded, waiting, through)

    def is_due(action: Dividend | Split) -> bool:
        booked = folded.booked_through(action.instrument)
        return booked is not None and booked < action.on <= through

    due: list[Dividend | Split] = [
        *(action for action in market.dividends if is_due(action)),
        *(action for action in market.splits if is_due(action) and action not in waiting),
    ]
    due.sort(key=lambda action: (action.on, isinstance(action, Split), action.instrument))
    drafts: list[Draft] = []
    findings = list(_unbooked(folded, missing))
    expected: dict[tuple[str, str], list[tuple[date, int]]] = {}
    now = folded
    for action in due:
        if action.instrument not in now.steps:
            continue
        if is_after(action, waiting):
            continue  # of a count that is not known: after the split is booked
        if isinstance(action, Dividend):
            for account, amount in _dividends(now, action):
                if account not in paper:
                    key = (account, action.instrument)
                    expected.setdefault(key, []).append((action.on, amount))
                    continue
                ref = f"dividend-{action.instrument}-{action.on}"
                if amount and (account, ref) not in now.refs:
                    drafts.append(
                        events.dividend_paid(
                            account, action.instrument, amount, on=action.on, ref=ref, at=at
                        )
                    )
            continue
        if any(known[:2] == (action.instrument, action.on) for known in now.splits):
            continue
        draft, rough = _split(now, action, market, at)
        # Dividends do not change what is held, so only a split needs the record folded anew.
        now = fold(sealed([*drafts, draft], folded.head), folded) if drafts else now
        if not drafts:
            now = fold(sealed([draft], folded.head), folded)
        drafts.append(draft)
        findings += [_booked(action), *rough]
    if through > since or waits != folded.actions_waiting:
        drafts.append(events.actions_booked(through, waits=waits, at=at))
    findings.extend(_expected(expected))
    return Actions(tuple(drafts), fold(sealed(drafts, folded.head), folded), tuple(findings))


def _waits(folded: Folded, waiting: Collection[Split], through: date) -> dict[str, date]:
    """From which day on, up to the last, what happens to an instrument is not booked yet."""
    waits: dict[str, date] = {}
    for split in waiting:
        booked = folded.booked_through(split.instrument)
        assert booked is not None, "a split is waited for after the opening"
        first = max(split.on, booked + timedelta(days=1))
        if first <= through:
            waits[split.instrument] = min(first, waits.get(split.instrument, first))
    return waits


def known_through(market: Market) -> date:
    """The last day of which the prices have rows: what happened later they cannot know yet.

    A typed price says nothing of splits and dividends. Where there are no rows at all it is the
    market's own day.
    """
    rows = [quote.on for quote in market.quotes.values() if not quote.confirmed]
    rows += [split.on for split in market.splits]
    rows += [dividend.on for dividend in market.dividends]
    return min(max(rows, default=market.as_of), market.as_of)


def splits_missing(folded: Folded, market: Market) -> tuple[Split, ...]:
    """Splits of what is held that the record lacks and that are not booked by themselves.

    Either its actions are booked beyond that day, or the instrument was traded on it or since:
    those trades are at the new count, and what was there before is not (docs/spec/ledger.md).
    """
    opened = folded.opened_on
    if opened is None or folded.actions_through is None:
        return ()
    booked = {known[:2] for known in folded.splits}
    held = {instrument for _, instrument in folded.positions}
    return tuple(
        split
        for split in market.splits
        if opened < split.on
        and split.instrument in held
        and (split.instrument, split.on) not in booked
        and (_is_past(folded, split) or moved_since(folded, split))
    )


def splits_doubted(
    folded: Folded, market: Market, *, opened: date | None = None
) -> tuple[Split, ...]:
    """Splits that the record lacks and that the prices of their days contradict.

    Nobody knows whether the split or the price is wrong, so none is booked until somebody says a
    word: the file is mended, a statement shows the new quantity, or a price is typed that is
    nearer to the split than to none. Later splits of the instrument wait with it.

    Args:
        folded: What is known.
        market: A snapshot whose steps were looked at; where none were, none is doubted.
        opened: The day of the opening statement while the record has none.
    """
    since = folded.opened_on or opened
    booked = {known[:2] for known in folded.splits}
    missing = splits_missing(folded, market)
    doubted: list[Split] = []
    for split in market.splits:
        step = market.looked.get(split.instrument)
        is_new = since is not None and since < split.on and split not in missing
        if step is None or not is_new or (split.instrument, split.on) in booked:
            continue
        if step.told == 1 or split.on <= step.before_on or _is_said(step, market, split.instrument):
            continue
        if split.on <= step.on or is_after(split, doubted):
            doubted.append(split)
    return tuple(doubted)


def _is_said(step: Step, market: Market, instrument: str) -> bool:
    """Whether somebody typed a price that is nearer to the splits told than to none."""
    quote = market.quotes.get(instrument)
    if quote is None or quote.price is None or not quote.confirmed:
        return False
    plain = Fraction(quote.price.decimal) / Fraction(step.before.decimal)
    split = plain * step.told_since
    return max(split, 1 / split) < max(plain, 1 / plain)


def is_after(action: Dividend | Split, splits: Collection[Split]) -> bool:
    """Whether something happened on or after a split of the same instrument."""
    return any(one.instrument == action.instrument and one.on <= action.on for one in splits)


def countable(folded: Folded, market: Market) -> tuple[Dividend, ...]:
    """The dividends of a count that is known: before any split that the record lacks."""
    waiting = (*splits_missing(folded, market), *splits_doubted(folded, market))
    return tuple(one for one in market.dividends if not is_after(one, waiting))


def at_old_counts(
    folded: Folded, market: Market, *, opened: date | None = None
) -> dict[str, Step | None]:
    """What was looked at, with the splits at each step that the record does not have."""
    waiting = (*splits_missing(folded, market), *splits_doubted(folded, market, opened=opened))
    looked = dict(market.looked)
    for split in waiting:
        step = looked.get(split.instrument)
        if step is not None and split.on > step.before_on:
            looked[split.instrument] = replace(step, unbooked=step.unbooked * split.ratio)
    return looked


def _is_past(folded: Folded, split: Split) -> bool:
    booked = folded.booked_through(split.instrument)
    return booked is not None and split.on <= booked


@dataclass(frozen=True, slots=True)
class WrongSplit:
    """A split as it is booked, and the one that the prices show on its day; None if they do not."""

    instrument: str
    on: date
    booked: Fraction
    seq: int
    shown: Fraction | None

    def finding(self) -> Finding:
        """What is wrong, and how to put it right."""
        told = "no split on that day" if self.shown is None else f"{_for(self.shown)} on that day"
        how = "--void" if self.shown is None else f"--ratio {_ratio_text(self.shown)}"
        message = (
            f"entry {self.seq} booked a split of {self.instrument} on {self.on}, "
            f"{_for(self.booked)}, and the price file shows {told}: until that is put right it is "
            f"not traded and its worth is wrong. If the file is right, "
            f"`trimtab ledger correct {self.seq} {how}`; else mend the file."
        )
        return Finding("split-differs", self.instrument, message, "error")


def _for(ratio: Fraction) -> str:
    return f"{ratio.numerator} for {ratio.denominator}"


def _ratio_text(ratio: Fraction) -> str:
    return f"{ratio.numerator}:{ratio.denominator}"


def splits_wrong(
    folded: Folded, market: Market, has_row: Callable[[str, date], bool]
) -> tuple[WrongSplit, ...]:
    """Booked splits of what is held that the prices show otherwise, or not at all.

    Args:
        folded: What is known.
        market: A snapshot.
        has_row: Whether the prices have a row of an instrument on a day: only then it says
            something that the row has no split.
    """
    shown: dict[tuple[str, date], Fraction] = {}
    for split in market.splits:
        key = (split.instrument, split.on)
        shown[key] = shown.get(key, Fraction(1)) * split.ratio
    held = {instrument for _, instrument in folded.positions}
    found = []
    for instrument, on, new, old, seq in folded.splits:
        if instrument not in held or on > market.as_of:
            continue
        there, booked = shown.get((instrument, on)), Fraction(new, old)
        if there != booked and (there is not None or has_row(instrument, on)):
            found.append(WrongSplit(instrument, on, booked, seq, there))
    return tuple(found)


def moved_since(folded: Folded, split: Split) -> tuple[int, ...]:
    """The entries that traded or moved an instrument on the day of its split or later."""
    fills = (
        fill.seq
        for fill in folded.fills.values()
        if fill.instrument == split.instrument and not fill.voided and fill.fill.on >= split.on
    )
    transfers = (
        seq
        for seq, name, on in folded.transfers
        if name == split.instrument and seq not in folded.voided and on >= split.on
    )
    return tuple(sorted({*fills, *transfers}))


def splits_stated(
    folded: Folded,
    market: Market,
    stated: Mapping[str, int],
    *,
    account: str,
    at: str,
) -> Actions:
    """The missing or doubted splits that a statement confirms.

    It does where it is nearer to the multiplied quantity.

    Args:
        folded: What is known.
        market: A snapshot with the prices as they are.
        stated: Steps that the account holds by its statement, by instrument.
        account: Account id.
        at: The instant of the entries.

    Raises:
        RefusedError: The instrument was traded since; what was traded is to be taken back first.
    """
    drafts: list[Draft] = []
    findings: list[Finding] = []
    now = folded
    missing = (*splits_missing(folded, market), *splits_doubted(folded, market))
    for split in sorted(missing, key=lambda one: one.on):
        there = now.positions.get((account, split.instrument), 0)
        shown = stated.get(split.instrument, 0)
        if shown == there or abs(shown - there * split.ratio) >= abs(shown - there):
            continue
        moved = moved_since(now, split)
        if moved:
            raise RefusedError(_told(now, split))
        draft, rough = _split(now, split, market, at)
        now = fold(sealed([draft], now.head), now)
        drafts.append(draft)
        message = (
            f"the statement shows the split of {split.instrument} on {split.on} ({split.ratio} for "
            "1): it is booked, in every account, and nothing else. Import the statement again for "
            "the rest."
        )
        findings += [Finding("split-booked-late", split.instrument, message, "warning"), *rough]
    return Actions(tuple(drafts), now, tuple(findings))


def at_old_count(quote: Quote, split: Split) -> Quote:
    """No price for an instrument whose split is missing: what is held is counted as before it."""
    raw = f"at the new count of the split of {split.on}, which is not booked"
    if quote.price is None:
        return quote
    if quote.previous is not None and quote.previous_on and quote.previous_on < split.on:
        return replace(
            quote, price=None, split_since_previous=Fraction(1), raw=raw, confirmed=False
        )
    exponent = quote.price.exponent - 6
    exact = Fraction(quote.price.decimal) * split.ratio / Fraction(10) ** exponent
    before = Price(max(round(exact), 1), exponent)
    return Quote(None, quote.on, before, quote.on, Fraction(1), raw)


@dataclass(frozen=True, slots=True)
class Payment:
    """A dividend that an account is to get from its broker.

    Args:
        instrument: What pays.
        on: The ex-date.
        amount: Minor units, before any tax that is withheld.
        ref: The id under which it is booked, once.
    """

    instrument: str
    on: date
    amount: int
    ref: str


def dividends_expected(
    entries: Sequence[Entry],
    accounts: Collection[str],
    dividends: Sequence[Dividend],
    *,
    since: date,
) -> tuple[Finding, ...]:
    """What accounts are to get from their brokers since a day, as long as it is not booked.

    Args:
        entries: The record, brought up to the newest of the dividends.
        accounts: Those whose brokers pay.
        dividends: Oldest first.
        since: Earlier ones are no longer waited for, which is said for a month.
    """
    recent = [one for one in dividends if one.on >= since - TOLD]
    if not recent or not accounts:
        return ()
    expected: dict[tuple[str, str], list[tuple[date, int]]] = {}
    lapsed: list[Finding] = []
    for account, payments in sorted(_awaited(_Earned.of(entries), accounts, recent).items()):
        for payment in payments:
            if payment.on < since:
                lapsed.append(_lapsed(account, payment))
                continue
            key = (account, payment.instrument)
            expected.setdefault(key, []).append((payment.on, payment.amount))
    return (*_expected(expected), *lapsed)


def payments_awaited(
    entries: Sequence[Entry], account: str, dividends: Sequence[Dividend], *, since: date
) -> tuple[Payment, ...]:
    """Dividends since a day that an account earned and whose cash is not booked.

    Each is of the position before its ex-date, by the days of the trades. One whose booking was
    voided is waited for again.

    Args:
        entries: The record, brought up to the newest of the dividends.
        account: Account id.
        dividends: Oldest first.
        since: Earlier ones are no longer waited for.
    """
    recent = [one for one in dividends if one.on >= since]
    return _awaited(_Earned.of(entries), [account], recent).get(account, ()) if recent else ()


@dataclass(frozen=True, slots=True)
class _Earned:
    """What the record says of dividends: what was held, and what was booked of them."""

    opened: date | None
    moved: Moved
    refs: Mapping[tuple[str, str], bool]

    @staticmethod
    def of(entries: Sequence[Entry]) -> _Earned:
        """As a record has it; each ref with whether its booking stands."""
        whole = fold(entries)
        refs: dict[tuple[str, str], bool] = {}
        for entry in entries:
            if entry.kind == "dividend_paid" and entry.body.get("ref"):
                # The same ref once more changed nothing, so the first says whether it stands.
                key = (str(entry.body["account"]), str(entry.body["ref"]))
                refs.setdefault(key, entry.seq not in whole.voided)
        return _Earned(whole.opened_on, moves(entries), refs)

    def free_ref(self, account: str, dividend: Dividend) -> str:
        """The id to book a dividend under; empty where it is booked."""
        ref = f"dividend-{dividend.instrument}-{dividend.on}"
        while (account, ref) in self.refs:
            if self.refs[account, ref]:
                return ""
            ref += AGAIN
        return ref


def _awaited(
    earned: _Earned, accounts: Collection[str], dividends: Sequence[Dividend]
) -> dict[str, tuple[Payment, ...]]:
    """What each account earned of dividends and has not got yet, oldest first."""
    found: dict[str, list[Payment]] = {}
    for dividend in sorted(dividends, key=lambda one: one.on):
        if earned.opened is None or dividend.on <= earned.opened:
            continue
        for account in sorted(accounts):
            ref = earned.free_ref(account, dividend)
            units = held_before(earned.moved, account, dividend.instrument, dividend.on)
            amount = worth_of(units, Fraction(dividend.amount.decimal))
            if ref and amount > 0:
                payment = Payment(dividend.instrument, dividend.on, amount, ref)
                found.setdefault(account, []).append(payment)
    return {account: tuple(payments) for account, payments in found.items()}


def worth_of(units: Fraction, amount: Fraction) -> int:
    """Minor units that a dividend comes to, half to even."""
    exact = units * amount * 10**MINOR_DIGITS
    return half_even(exact.numerator, exact.denominator)


def _dividends(folded: Folded, dividend: Dividend) -> list[tuple[str, int]]:
    worth = StepPrice.of(dividend.amount, folded.steps[dividend.instrument])
    return [
        (account, worth.value(steps))
        for (account, instrument), steps in sorted(folded.positions.items())
        if instrument == dividend.instrument and steps > 0
    ]


def _split(folded: Folded, split: Split, market: Market, at: str) -> tuple[Draft, list[Finding]]:
    """A split with the cash for parts of a step, at the price that the market shows now."""
    new, old = split.ratio.numerator, split.ratio.denominator
    quote = market.quotes.get(split.instrument)
    cash: dict[str, int] = {}
    findings = []
    for (account, instrument), steps in sorted(folded.positions.items()):
        rest = steps * new % old
        if instrument != split.instrument or rest == 0:
            continue
        amount = 0
        if quote is not None and quote.price is not None:
            worth = StepPrice.of(quote.price, folded.steps[instrument])
            amount = half_even(rest * worth.numerator, old * worth.denominator)
        cash[account] = amount
        message = (
            f"the split of {instrument} on {split.on} leaves {account} a part of a step; it is "
            f"counted as {money_text(amount)} of cash: compare with the statement."
        )
        findings.append(Finding("cash-in-lieu-estimated", instrument, message))
    draft = events.split(split.instrument, new=new, old=old, on=split.on, cash_in_lieu=cash, at=at)
    return draft, findings


def _booked(split: Split) -> Finding:
    """That a split changes every quantity: nobody should wonder why there is more of it."""
    new, old = split.ratio.numerator, split.ratio.denominator
    message = (
        f"{split.instrument} was split {new} for {old} on {split.on}: quantities are after it, and "
        "the next entry of the record books it first"
    )
    return Finding("split-due", split.instrument, message, "info")


def _unbooked(folded: Folded, missing: Sequence[Split]) -> tuple[Finding, ...]:
    """An error for each split that the prices show and the record lacks, with the way out."""
    return tuple(
        Finding("split-not-booked", split.instrument, _told(folded, split), "error")
        for split in missing
    )


def _told(folded: Folded, split: Split) -> str:
    """What a missing split is, and what to do."""
    said = (
        f"the prices show a split of {split.instrument} on {split.on} ({split.ratio} for 1), and "
        "the record does not have it; until it has, it is not traded"
    )
    moved = moved_since(folded, split)
    if moved:
        entries = ", ".join(str(seq) for seq in moved)
        return (
            f"{said}. It was traded or moved on that day or since (entry {entries}): take that "
            f"back with `trimtab ledger correct {moved[-1]} --void`, the newest first, book the "
            "split by `trimtab import` of a statement with the new quantity, then book the trades "
            "again with `trimtab ledger correct ENTRY --again`."
        )
    return (
        f"{said}. `trimtab import` of a statement with the new quantity books the split, after "
        "asking."
    )


def _expected(expected: dict[tuple[str, str], list[tuple[date, int]]]) -> list[Finding]:
    findings = []
    for (account, instrument), paid in sorted(expected.items()):
        total = sum(amount for _, amount in paid)
        days = f"on {paid[0][0]}" if len(paid) == 1 else f"from {paid[0][0]} to {paid[-1][0]}"
        until = paid[0][0] + AWAITED
        first = f"until {until}" if len(paid) == 1 else f"the first until {until}"
        message = (
            f"{instrument} went ex dividend {days}: expect {money_text(total)} in {account}. It "
            f"is booked when the broker's statement is imported, and waited for {first} at least."
        )
        findings.append(Finding("dividend-expected", f"{account}/{instrument}", message, "info"))
    return findings


def _lapsed(account: str, payment: Payment) -> Finding:
    """That a dividend never came; else it would be gone without a word."""
    message = (
        f"{payment.instrument} went ex dividend on {payment.on} and no statement of {account} "
        f"showed its {money_text(payment.amount)} within {AWAITED.days} days: it is no longer "
        "waited for. If it was paid all the same, import books it with `--income` as interest."
    )
    return Finding("dividend-lapsed", f"{account}/{payment.instrument}", message, "info")
