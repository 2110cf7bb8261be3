"""Dividends that brokers will pay, and those that never came."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from trimtab.execution.held_before import Moved, held_before, moves
from trimtab.ledger.chain import Entry
from trimtab.ledger.fold import fold
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.market import Dividend
from trimtab.model.numbers import MINOR_DIGITS, half_even, money_text

AWAITED = timedelta(days=92)
"""How long after its ex-date a dividend is waited for."""

TOLD = timedelta(days=31)
"""How long it is said that a dividend is no longer waited for."""

AGAIN = "-again"
"""What the id of a dividend ends with that is booked anew after its booking was voided."""


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
    return (*told_expected(expected), *lapsed)


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


def told_expected(expected: dict[tuple[str, str], list[tuple[date, int]]]) -> list[Finding]:
    """A line an account and instrument: what it is to get, and until when that is waited for."""
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
