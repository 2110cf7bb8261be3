"""Killed at every step: the second run ends where an uninterrupted one would have."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.engine.generated import Case, generated
from tests.execution.desks import AT, Room, StillClock, room_of
from trimtab.adapters.ledger_file import FileLedger
from trimtab.adapters.paper_broker import PaperBroker
from trimtab.execution.brokers import PaperTerms
from trimtab.execution.outcome import Applied
from trimtab.ledger import events
from trimtab.ledger.chain import Entry, Head
from trimtab.ledger.memory import MemoryLedger
from trimtab.ledger.record import record
from trimtab.model.orders import BrokerEvent, Order
from trimtab.model.plan import Plan

SEEDS = (3, 9, 11, 17, 18)
"""Households with one to three accounts and one to six trades, decided in milliseconds."""


class Killed(BaseException):
    """The process ends here; nothing in it gets to clean up."""


class Fuse:
    """Counts steps, and kills at one of them."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.steps = 0

    def tick(self) -> None:
        """One step."""
        self.steps += 1
        if self.steps - 1 == self.at:
            raise Killed


class FusedStore:
    """A record that kills before, within and after every write."""

    def __init__(self, store: MemoryLedger | FileLedger, fuse: Fuse) -> None:
        self.store = store
        self.fuse = fuse

    @property
    def head(self) -> Head:
        """Where the record ends."""
        return self.store.head

    def read(self) -> tuple[Entry, ...]:
        """All entries."""
        return self.store.read()

    def data(self) -> bytes:
        """The bytes."""
        return self.store.data()

    def append(self, entries: Sequence[Entry], expected_head: Head) -> Head:
        """Append, one entry at a time, each of which may be the last."""
        head = expected_head
        for entry in entries:
            self.fuse.tick()
            head = self.store.append([entry], head)
        self.fuse.tick()
        return head


class FusedBroker:
    """A broker that kills before and after every call."""

    def __init__(self, broker: object, fuse: Fuse) -> None:
        self.broker = broker
        self.fuse = fuse

    def submit(self, order: Order) -> BrokerEvent:
        """Submit."""
        self.fuse.tick()
        answer = self.broker.submit(order)  # type: ignore[attr-defined]
        self.fuse.tick()
        return answer

    def report(self, since: int) -> tuple[int, Sequence[BrokerEvent]]:
        """Report."""
        answer = self.broker.report(since)  # type: ignore[attr-defined]
        self.fuse.tick()
        return answer

    def fate(self, order_id: str) -> BrokerEvent | None:
        """Fate."""
        answer = self.broker.fate(order_id)  # type: ignore[attr-defined]
        self.fuse.tick()
        return answer


def run(room: Room, plan: Plan, case: Case, fuse: Fuse) -> Applied:
    """Apply with a fuse."""
    return room.apply(
        plan,
        case.request,
        store=FusedStore(room.store, fuse),
        broker=FusedBroker(room.broker, fuse),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_anywhere_the_second_run_ends_the_same(seed: int) -> None:
    """Invariant 1 and 9: killed at any step and run again, the record has the same bytes and the
    broker the same orders as if nothing had happened.
    """
    case = generated(random.Random(seed))
    whole = room_of(case)
    plan = whole.plan(case.request)
    fuse = Fuse()
    run(whole, plan, case, fuse)
    assert fuse.steps > 5

    for step in range(fuse.steps):
        room = room_of(case)
        with pytest.raises(Killed):
            run(room, plan, case, Fuse(step))
        room.apply(plan, case.request)

        assert room.store.data() == whole.store.data(), f"killed at step {step}"
        assert room.orders() == whole.orders()
        assert room.broker.events == whole.broker.events


@pytest.mark.parametrize("seed", range(6))
def test_killed_again_and_again_it_still_ends_the_same(seed: int) -> None:
    """A run that is killed in each attempt, a little later each time, ends the same."""
    r = random.Random(seed)
    case = generated(random.Random(SEEDS[seed % len(SEEDS)]))
    whole, room = room_of(case), room_of(case)
    plan = whole.plan(case.request)
    whole.apply(plan, case.request)

    for _ in range(40):
        try:
            run(room, plan, case, Fuse(r.randint(0, 12)))
            break
        except Killed:
            continue
    room.apply(plan, case.request)

    assert room.store.data() == whole.store.data()
    assert room.broker.events == whole.broker.events


@pytest.mark.parametrize("seed", [9])
def test_files_survive_a_kill(seed: int, tmp_path: Path) -> None:
    """The record and the paper broker on disk, killed and opened anew, end the same."""
    case = generated(random.Random(seed))

    def opened(folder: Path) -> Room:
        room = room_of(case, store=FileLedger(folder / "ledger.jsonl"))
        room.broker = PaperBroker(
            folder / "paper" / "broker.jsonl",
            terms=PaperTerms.of(case.mandate, case.market),
            book=room.folded,
            clock=StillClock(),
        )
        return room

    (tmp_path / "whole").mkdir()
    whole = opened(tmp_path / "whole")
    plan = whole.plan(case.request)
    fuse = Fuse()
    run(whole, plan, case, fuse)

    for step in range(0, fuse.steps, 4):
        folder = tmp_path / str(step)
        folder.mkdir()
        with pytest.raises(Killed):
            run(opened(folder), plan, case, Fuse(step))
        opened(folder).apply(plan, case.request)

        for name in ("ledger.jsonl", "paper/broker.jsonl"):
            same = tmp_path / "whole" / name
            assert not same.exists() or (folder / name).read_bytes() == same.read_bytes()


def test_a_second_run_changes_nothing() -> None:
    """A plan that was carried out is not carried out again."""
    case = generated(random.Random(1))
    room = room_of(case)
    plan = room.plan(case.request)
    room.apply(plan, case.request)
    before = room.store.data()

    again = room.apply(plan, case.request)

    assert again.status == "already"
    assert not again.changed
    assert room.store.data() == before


def test_what_was_about_to_leave_stays_when_halted_meanwhile() -> None:
    """Invariant 11: killed between writing that an order leaves and sending it, then halted: the
    next run does not send it; resumed, it leaves once.
    """
    case = generated(random.Random(3))
    room = room_of(case)
    plan = room.plan(case.request)
    broker = FusedBroker(room.broker, Fuse())
    broker.submit = lambda order: Fuse(0).tick()  # type: ignore[method-assign, assignment]
    with pytest.raises(Killed):
        room.apply(plan, case.request, broker=broker)
    assert room.store.read()[-1].kind == "order_sent"
    halted = events.halted("household", reason="wait", at=AT)
    record(room.store, room.folded(), [halted])

    assert room.apply(plan, case.request).status == "halted"
    assert room.orders() == []

    record(room.store, room.folded(), [events.resumed("household", by="me", reason="go", at=AT)])
    assert room.apply(plan, case.request).status == "done"
    assert len(room.orders()) == len(plan.trades)
