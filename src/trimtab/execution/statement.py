"""A statement that differs from the record, booked once a person has said that it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Final

from trimtab.execution.dividends import Payment
from trimtab.execution.orders import relief
from trimtab.execution.reconcile import Mismatch
from trimtab.ledger import events
from trimtab.ledger.chain import Draft
from trimtab.ledger.folded import Folded
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH, Instrument, table_name
from trimtab.model.numbers import NumberError, minor_from, money_text, steps_from

MOST_TOGETHER: Final = 12
"""Dividends among which a sum is looked for; all of them are tried first, however many."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What brings the record to what a statement says.

    Args:
        drafts: Transfers from and to outside.
        findings: What a transfer does not know: basis, gain, day of purchase.
    """

    drafts: tuple[Draft, ...]
    findings: tuple[Finding, ...]


def adjustment(
    mismatches: Sequence[Mismatch],
    folded: Folded,
    *,
    instruments: Mapping[str, Instrument],
    on: date,
    at: str,
    awaited: Sequence[Payment] = (),
    income: bool = False,
) -> Adjustment:
    """Entries that make the record agree with a statement.

    What is missing came in from outside, as a lot of that day without a known basis; what is too
    much went out, the oldest lots first; cash is moved by the difference. A trade is no transfer:
    whoever traded should record the trade.

    Args:
        mismatches: Where they differ.
        folded: What is known.
        instruments: By id, for their steps.
        on: The day of the statement.
        at: The instant of the entries.
        awaited: Dividends that the account is to get: new cash is theirs first.
        income: What cash came in beyond them is interest, and no transfer.

    Raises:
        RefusedError: An instrument is not in portfolio.toml, or a quantity is no whole number of
            its steps.
    """
    drafts: list[Draft] = []
    findings: list[Finding] = []
    for mismatch in mismatches:
        account = mismatch.account
        if mismatch.instrument == CASH:
            missing = minor_from(mismatch.missing)
            paid = _paid([one for one in awaited if one.on <= on], missing)
            for one in paid:
                drafts.append(
                    events.dividend_paid(
                        account, one.instrument, one.amount, on=on, ref=one.ref, at=at
                    )
                )
                message = (
                    f"{money_text(one.amount)} that came into {account} is the dividend of "
                    f"{one.instrument} with ex-date {one.on}"
                )
                findings.append(
                    Finding("dividend-paid", f"{account}/{one.instrument}", message, "info")
                )
            rest = missing - sum(one.amount for one in paid)
            if rest:
                drafts.append(_cash(account, rest, on, at, income=income))
                findings.append(_of_cash(account, rest, income=income))
            continue
        steps = _steps(mismatch, instruments)
        subject = f"{account}/{mismatch.instrument}"
        if steps > 0:
            name = _lot_id(folded, account, mismatch.instrument, on)
            lot = Lot(name, account, mismatch.instrument, steps, on)
            drafts.append(events.received(account, [lot], on=on, at=at))
            message = (
                f"{mismatch.missing} {mismatch.instrument} came into {account} by transfer, with "
                f"{on} as the day of purchase and an unknown basis: before it is sold where gains "
                f"are taxed, tell them of lot {name} with `trimtab ledger correct ENTRY --basis "
                "--acquired`. If it was bought, record the trade instead (`trimtab record --trades "
                "FILE`)."
            )
            findings.append(Finding("basis-unknown", subject, message))
            continue
        parts = relief(folded, account, mismatch.instrument, -steps)
        if parts is None:
            raise RefusedError(
                f"{subject} would be {mismatch.stated}: no account can hold less than nothing"
            )
        drafts.append(
            events.transferred(account, None, [(part, "") for part in parts], on=on, at=at)
        )
        message = (
            f"{-mismatch.missing} {mismatch.instrument} left {account} by transfer, the oldest "
            "lots first and without a gain. If it was sold, record the trade "
            "instead (`trimtab record --trades FILE`)."
        )
        findings.append(Finding("gain-unknown", subject, message))
    return Adjustment(tuple(drafts), tuple(findings))


def _steps(mismatch: Mismatch, instruments: Mapping[str, Instrument]) -> int:
    instrument = instruments.get(mismatch.instrument)
    if instrument is None:
        raise RefusedError(
            f"{mismatch.instrument} is in the statement of {mismatch.account} and not in "
            "portfolio.toml: add it to a sleeve's hold list, or as "
            f"{table_name(mismatch.instrument)}"
        )
    try:
        return steps_from(mismatch.missing, instrument.step)
    except NumberError as error:
        raise RefusedError(
            f"{mismatch.account}: {mismatch.instrument} cannot be booked: {error}. Write a finer "
            f"step under {table_name(mismatch.instrument)}."
        ) from None


def _paid(awaited: Sequence[Payment], missing: int) -> list[Payment]:
    """Which dividends new cash is made of: all that it has room for, else those it is exactly."""
    if sum(one.amount for one in awaited) <= missing:
        return list(awaited)
    newest = list(awaited)[-MOST_TOGETHER:]
    for count in range(len(newest), 0, -1):
        for chosen in combinations(newest, count):
            if sum(one.amount for one in chosen) == missing:
                return list(chosen)
    return []


def _cash(account: str, amount: int, on: date, at: str, *, income: bool) -> Draft:
    if amount > 0 and income:
        return events.interest_paid(account, amount, on=on, at=at)
    if amount > 0:
        return events.received(account, [], amount=amount, on=on, at=at)
    return events.transferred(account, None, [], amount=-amount, on=on, at=at)


def _of_cash(account: str, amount: int, *, income: bool) -> Finding:
    """What a difference in cash is booked as."""
    if amount > 0 and income:
        message = f"{money_text(amount)} that came into {account} is booked as interest"
    elif amount > 0:
        message = (
            f"{money_text(amount)} that came into {account} is booked as a transfer from outside, "
            "which is no income: import it as income if it is interest"
        )
    else:
        message = f"{money_text(-amount)} that left {account} is booked as a transfer to outside"
    return Finding("cash-difference", f"{account}/{CASH}", message, "info")


def _lot_id(folded: Folded, account: str, instrument: str, on: date) -> str:
    name = f"{account}-{instrument}-{on.isoformat()}-in"
    while name in folded.lot_ids:
        name += "x"
    return name
