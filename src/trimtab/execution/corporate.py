"""Splits and dividends that the market shows and the record does not have yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from trimtab.execution.dividends import told_expected
from trimtab.execution.splits import (
    is_after,
    moved_since,
    splits_doubted,
    splits_missing,
    told_missing,
)
from trimtab.ledger import events
from trimtab.ledger.chain import Draft, sealed
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import Folded
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.market import Dividend, Market, Split
from trimtab.model.numbers import StepPrice, half_even, money_text

NEXT_ENTRY = ", and the next entry of the record books it first"
COMPARE = ": compare with the statement."
"""How findings end that are true of a real record, and not of a backtest."""


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
    findings.extend(told_expected(expected))
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
            raise RefusedError(told_missing(now, split))
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
            f"counted as {money_text(amount)} of cash{COMPARE}"
        )
        findings.append(Finding("cash-in-lieu-estimated", instrument, message))
    draft = events.split(split.instrument, new=new, old=old, on=split.on, cash_in_lieu=cash, at=at)
    return draft, findings


def _booked(split: Split) -> Finding:
    """That a split changes every quantity: nobody should wonder why there is more of it."""
    new, old = split.ratio.numerator, split.ratio.denominator
    message = (
        f"{split.instrument} was split {new} for {old} on {split.on}: quantities are after "
        f"it{NEXT_ENTRY}"
    )
    return Finding("split-due", split.instrument, message, "info")


def _unbooked(folded: Folded, missing: Sequence[Split]) -> tuple[Finding, ...]:
    """An error for each split that the prices show and the record lacks, with the way out."""
    return tuple(
        Finding("split-not-booked", split.instrument, told_missing(folded, split), "error")
        for split in missing
    )
