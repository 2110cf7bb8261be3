"""A statement that differs from the record, booked once a person has said that it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from trimtab.execution.orders import relief
from trimtab.execution.reconcile import Mismatch
from trimtab.ledger import events
from trimtab.ledger.chain import Draft
from trimtab.ledger.folded import Folded
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH, Instrument
from trimtab.model.numbers import NumberError, minor_from, steps_from


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
) -> Adjustment:
    """Entries that make the record agree with a statement.

    What is missing came in from outside, as a lot of that day without a known basis; what is too
    much went out, the oldest lots first; cash is moved by the difference. A trade is no transfer:
    whoever traded should record the trade.

    Raises:
        RefusedError: An instrument is not in portfolio.toml, or a quantity is no whole number of
            its steps.
    """
    drafts: list[Draft] = []
    findings: list[Finding] = []
    for mismatch in mismatches:
        account = mismatch.account
        if mismatch.instrument == CASH:
            drafts.append(_cash(account, minor_from(mismatch.missing), on, at))
            continue
        steps = _steps(mismatch, instruments)
        subject = f"{account}/{mismatch.instrument}"
        if steps > 0:
            name = _lot_id(folded, account, mismatch.instrument, on)
            lot = Lot(name, account, mismatch.instrument, steps, on)
            drafts.append(events.received(account, [lot], on=on, at=at))
            message = (
                f"{mismatch.missing} {mismatch.instrument} came into {account} by transfer, with "
                f"{on} as the day of purchase and an unknown basis: correct lot {name} before it "
                "is sold where gains are taxed. If it was bought, record the trade instead."
            )
            findings.append(Finding("basis-unknown", subject, message))
            continue
        parts = relief(folded, account, mismatch.instrument, -steps)
        assert parts is not None, "the record has what it has too much of"
        drafts.append(
            events.transferred(account, None, [(part, "") for part in parts], on=on, at=at)
        )
        message = (
            f"{-mismatch.missing} {mismatch.instrument} left {account} by transfer, the oldest "
            "lots first and without a gain. If it was sold, record the trade instead."
        )
        findings.append(Finding("gain-unknown", subject, message))
    return Adjustment(tuple(drafts), tuple(findings))


def _steps(mismatch: Mismatch, instruments: Mapping[str, Instrument]) -> int:
    instrument = instruments.get(mismatch.instrument)
    if instrument is None:
        raise RefusedError(
            f"{mismatch.instrument} is in the statement of {mismatch.account} and not in "
            "portfolio.toml: add it to a sleeve's hold list, or as "
            f"[instruments.{mismatch.instrument}]"
        )
    try:
        return steps_from(mismatch.missing, instrument.step)
    except NumberError as error:
        raise RefusedError(
            f"{mismatch.account}: {mismatch.instrument} cannot be booked: {error}. Write a finer "
            f"step under [instruments.{mismatch.instrument}]."
        ) from None


def _cash(account: str, amount: int, on: date, at: str) -> Draft:
    if amount > 0:
        return events.received(account, [], amount=amount, on=on, at=at)
    return events.transferred(account, None, [], amount=-amount, on=on, at=at)


def _lot_id(folded: Folded, account: str, instrument: str, on: date) -> str:
    name = f"{account}-{instrument}-{on.isoformat()}-in"
    while name in folded.lot_ids:
        name += "x"
    return name
