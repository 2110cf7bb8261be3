"""The record brought up to a day: seeded once, steps declared, splits and dividends booked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from trimtab.execution.corporate import actions_due
from trimtab.ledger import events
from trimtab.ledger.chain import EMPTY, Draft, Entry, sealed
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded, state_at
from trimtab.model.accounts import Lot, Sale
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.state import State


@dataclass(frozen=True, slots=True)
class Opening:
    """The opening statement, as lots.csv and sales.csv state it.

    Args:
        household: Name.
        currency: Of all money.
        on: Day of the statement.
        lots: Open lots.
        cash: Minor units by account.
        sales: Earlier sales that tax rules still look at.
        lots_sha256: Of the bytes of lots.csv.
    """

    household: str
    currency: str
    on: date
    lots: tuple[Lot, ...]
    cash: Mapping[str, int]
    sales: tuple[Sale, ...]
    lots_sha256: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """The record as it has to be before a decision is made or carried out.

    Args:
        drafts: What the record still lacks, in order.
        folded: Everything known once they are written.
        findings: What the reader should know.
    """

    drafts: tuple[Draft, ...]
    folded: Folded
    findings: tuple[Finding, ...]

    def state(self, as_of: date, *, head: str) -> State:
        """The state for a decision; its head is the record's own, without the drafts."""
        return replace(state_at(self.folded, as_of), head=head)


def prepared(
    entries: Sequence[Entry],
    opening: Opening | None,
    *,
    instruments: Mapping[str, Instrument],
    market: Market,
    paper: Collection[str],
    at: str,
    known: Folded | None = None,
) -> Prepared:
    """What has to be written before a plan, and what is known then. Writes nothing.

    Args:
        entries: The record so far.
        opening: What seeds it while it is empty.
        instruments: All that accounts may hold, with their steps.
        market: A snapshot of the day.
        paper: Accounts whose dividends nobody else pays.
        at: The instant of new entries.
        known: The fold of `entries`, if somebody has it.

    Raises:
        RefusedError: The record is empty and there is nothing to seed it with, its seeding was
            interrupted and lots.csv is another one now, or a step became coarser.
    """
    missing = seeding(entries, opening, instruments=instruments, at=at)
    folded = fold(entries) if known is None else known
    folded = fold(sealed(missing, folded.head), folded)
    drafts = list(missing)
    declared = _declared(folded, instruments, at)
    if declared:
        folded = fold(sealed(declared, folded.head), folded)
        drafts.extend(declared)
    actions = actions_due(folded, market, paper=paper, at=at)
    drafts.extend(actions.drafts)
    return Prepared(tuple(drafts), actions.folded, actions.findings)


def seeding(
    entries: Sequence[Entry],
    opening: Opening | None,
    *,
    instruments: Mapping[str, Instrument],
    at: str,
) -> list[Draft]:
    """The opening entries that are missing: all, none, or the rest after a crash."""
    if opening is None:
        if not entries:
            raise RefusedError(
                "there is neither a record nor a lots.csv to begin one with: write what you own "
                "into lots.csv"
            )
        return []
    if entries and not is_seeding(entries):
        return []
    drafts = opening_drafts(opening, instruments, at)
    if len(entries) >= len(drafts) or not entries:
        return [] if entries else drafts
    if any(e.body != d.body for e, d in zip(entries, drafts, strict=False)):
        raise RefusedError(
            "the record was being begun from another lots.csv when it was interrupted: put that "
            "file back, or move ledger.jsonl away to begin anew"
        )
    return drafts[len(entries) :]


def is_seeding(entries: Sequence[Entry]) -> bool:
    """Whether nothing but parts of an opening statement was written so far."""
    return all(entry.kind == "opened" for entry in entries)


def opening_drafts(opening: Opening, instruments: Mapping[str, Instrument], at: str) -> list[Draft]:
    """The opening statement as entries."""
    return events.opened(
        household=opening.household,
        currency=opening.currency,
        on=opening.on,
        steps={name: instrument.step for name, instrument in sorted(instruments.items())},
        lots=opening.lots,
        cash=opening.cash,
        sales=opening.sales,
        lots_sha256=opening.lots_sha256,
        at=at,
    )


def base_head(entries: Sequence[Entry], parts: int) -> str:
    """The head that a plan is made from: empty until the record has its whole opening."""
    if len(entries) < parts or not entries:
        return ""
    return entries[-1].hash


def _declared(folded: Folded, instruments: Mapping[str, Instrument], at: str) -> list[Draft]:
    drafts = []
    for name, instrument in sorted(instruments.items()):
        known = folded.steps.get(name)
        if known == instrument.step:
            continue
        if known is not None and _is_coarser(instrument.step, known):
            raise RefusedError(
                f"{name} is recorded in steps of {known:f}, and portfolio.toml says "
                f"{instrument.step:f}: a step may only become finer, so write step = {known:f}"
            )
        drafts.append(events.declared(name, instrument.step, at=at))
    return drafts


def _is_coarser(step: Decimal, known: Decimal) -> bool:
    factor = known / step
    return factor < 1 or factor != int(factor)


__all__ = ["EMPTY", "NOTHING", "Opening", "Prepared", "base_head", "opening_drafts", "prepared"]
