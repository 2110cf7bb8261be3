"""Splits and dividends that the market shows and the record does not have yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from trimtab.ledger import events
from trimtab.ledger.chain import Draft, Entry, sealed
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.market import Dividend, Market, Split
from trimtab.model.numbers import StepPrice, half_even, money_text


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

    A split multiplies what every account holds. Cash of a dividend is booked for paper accounts,
    where nobody else would pay it: position before the ex-date x amount, half to even. At a real
    broker it is booked when the statement shows it, and until then a finding says what to expect.

    Args:
        folded: What is known.
        market: A snapshot; its actions reach back at least to `folded.actions_through`.
        paper: Accounts whose dividends are booked here.
        at: The instant of the entries.
    """
    since = folded.actions_through
    if since is None or market.as_of <= since:
        return Actions((), folded, _unbooked(folded, market))
    due: list[Dividend | Split] = [
        *(action for action in market.dividends if since < action.on <= market.as_of),
        *(action for action in market.splits if since < action.on <= market.as_of),
    ]
    due.sort(key=lambda action: (action.on, isinstance(action, Split), action.instrument))
    drafts: list[Draft] = []
    findings = list(_unbooked(folded, market))
    expected: dict[tuple[str, str], list[tuple[date, int]]] = {}
    now = folded
    for action in due:
        if action.instrument not in now.steps:
            continue
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
        findings.extend(rough)
    drafts.append(events.actions_booked(market.as_of, at=at))
    findings.extend(_expected(expected))
    return Actions(tuple(drafts), fold(sealed(drafts, folded.head), folded), tuple(findings))


@dataclass(frozen=True, slots=True)
class Payment:
    """A dividend that an account is to get from its broker.

    Args:
        instrument: What pays.
        on: The ex-date.
        amount: Minor units, before any tax that is withheld.
    """

    instrument: str
    on: date
    amount: int

    @property
    def ref(self) -> str:
        """The id under which it is booked, once."""
        return f"dividend-{self.instrument}-{self.on}"


def payments_awaited(
    entries: Sequence[Entry], account: str, dividends: Sequence[Dividend], *, since: date
) -> tuple[Payment, ...]:
    """Dividends since a day that an account earned and whose cash is not booked yet.

    Each is of the position before its ex-date, as the record had it when it was brought there.

    Args:
        entries: The record, brought up to the newest of the dividends.
        account: Account id.
        dividends: Oldest first.
        since: Earlier ones are no longer waited for.
    """
    whole = fold(entries)
    found: list[Payment] = []
    folded, done = NOTHING, 0
    for dividend in dividends:
        ref = f"dividend-{dividend.instrument}-{dividend.on}"
        is_known = whole.opened_on is not None and dividend.on > whole.opened_on
        if dividend.on < since or not is_known or (account, ref) in whole.refs:
            continue
        place = done
        while place < len(entries) and not _reaches(entries[place], dividend.on):
            place += 1
        folded, done = fold(entries[done:place], folded), place
        if dividend.instrument in folded.steps:
            amount = dict(_dividends(folded, dividend)).get(account, 0)
            if amount > 0:
                found.append(Payment(dividend.instrument, dividend.on, amount))
    return tuple(found)


def _reaches(entry: Entry, day: date) -> bool:
    """Whether what was held before a day is no longer what is held after this entry."""
    key = {"actions_booked": "through", "split": "on"}.get(entry.kind)
    return key is not None and str(entry.body[key]) >= day.isoformat()


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


def _unbooked(folded: Folded, market: Market) -> tuple[Finding, ...]:
    """Splits that the prices show in a time whose actions are booked, and the record lacks."""
    if folded.opened_on is None or folded.actions_through is None:
        return ()
    booked = {known[:2] for known in folded.splits}
    held = {instrument for _, instrument in folded.positions}
    found = []
    for split in market.splits:
        if not folded.opened_on < split.on <= folded.actions_through:
            continue
        if split.instrument in held and (split.instrument, split.on) not in booked:
            message = (
                f"the prices show a split of {split.instrument} on {split.on} ({split.ratio} for "
                f"1), and the record, which has everything up to {folded.actions_through}, does "
                "not: compare the quantity with the statement, and correct the record."
            )
            found.append(Finding("split-not-booked", split.instrument, message, "error"))
    return tuple(found)


def _expected(expected: dict[tuple[str, str], list[tuple[date, int]]]) -> list[Finding]:
    findings = []
    for (account, instrument), paid in sorted(expected.items()):
        total = sum(amount for _, amount in paid)
        days = f"on {paid[0][0]}" if len(paid) == 1 else f"from {paid[0][0]} to {paid[-1][0]}"
        message = (
            f"{instrument} went ex dividend {days}: expect {money_text(total)} in {account}. It "
            "is booked when the broker's statement is imported."
        )
        findings.append(Finding("dividend-expected", f"{account}/{instrument}", message, "info"))
    return findings
