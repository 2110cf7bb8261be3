"""What must hold, whatever happens: the fifteen invariants, by number, over drawn histories.

Hypothesis draws a seed, and the seed a household that lives through three sessions: it is
rebalanced by a broker that misbehaves, the run is killed on the way, prices move, instruments are
split and pay dividends, cash and lots come, go and change accounts, and it is rebalanced again. A
history costs more than what is asked of it, so one property asks every
invariant of each; that of bad prices needs no history and is a property of its own. The suites
beside this one try each fault at each step; here every invariant has its name.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.engine.generated import generated
from tests.engine.households import CALENDAR
from tests.execution.desks import AT, Room, room_of
from tests.execution.test_crashes import Fuse, FusedBroker, FusedStore, Killed
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.execution.brokers import MemoryBroker, PaperTerms
from trimtab.execution.faults import Fault, ScriptedBroker
from trimtab.execution.orders import order_hash, order_id
from trimtab.ledger import events
from trimtab.ledger.chain import Draft, verify_bytes
from trimtab.ledger.events import relieved_part
from trimtab.ledger.fold import fold, journal
from trimtab.ledger.folded import Folded, state_digest
from trimtab.ledger.merkle import (
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    root_of,
)
from trimtab.ledger.record import record as booked_in
from trimtab.model.accounts import Lot
from trimtab.model.findings import Finding
from trimtab.model.market import Quote, Split
from trimtab.model.memory_market import MemoryMarket, PriceRow
from trimtab.model.numbers import Price, money_text
from trimtab.model.orders import OrderState
from trimtab.model.plan import Plan

FAULTS: tuple[Fault, ...] = (
    "lost-request", "lost-answer", "late", "doubled", "reversed", "split", "half-cancelled",
    "overfilled",
)  # fmt: skip
SEEDS = st.integers(0, 2**32 - 1)
ROUGH = (2, 3, 9, 10, 14, 20)
"""Histories that hold much of what can go wrong; always tried."""

OWING = (39, 65)
"""Histories that leave an account with debts beside one with cash; always tried."""

AWAY = (28, 31, 49, 66)
"""Histories with a plan that ends further from its target, and says why; always tried.

A deposit stays, a part of one that is too little to be told otherwise, or cash has to be raised.
"""

KEEPING = (87, 245)
"""Histories that sell all but what is to be kept, and would sell that too; always tried."""

slow = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Life:
    """A household after its history.

    Args:
        seed: Of its history.
        room: With its record, its broker and its market.
        plans: What was planned, and asked for.
        held: Steps at each plan, by account and instrument.
        cash: Minor units at each plan, by account.
        findings: What applying them told.
        paid: What each dividend comes to, by account, instrument and day.
        again: What was planned once more after a plan that was filled to the last step.
    """

    seed: int
    room: Room
    plans: tuple[tuple[Plan, Request], ...]
    held: tuple[Mapping[tuple[str, str], int], ...]
    cash: tuple[Mapping[str, int], ...]
    findings: tuple[Finding, ...]
    paid: Mapping[tuple[str, str, str], int]
    again: tuple[Plan, ...]


def lived(seed: int) -> Life:
    """Three sessions of a household, with faults and a kill; the same seed, the same history."""
    r = random.Random(seed * 7919)
    case = generated(random.Random(seed))
    room = room_of(case)
    terms = PaperTerms.of(case.mandate, case.market)
    broker = ScriptedBroker(MemoryBroker(terms, room.folded), {})
    room.broker = broker
    plans, held, cash, findings, again = [], [], [], [], []
    paid: dict[tuple[str, str, str], int] = {}
    rows = [PriceRow(quote.on, name, quote.price) for name, quote in case.market.quotes.items()]
    for session in range(3):
        if session:
            _between(room, r)
            _next_session(room, rows, r)
            paid |= _payable(room)
        request = case.request if session == 0 else _asked(room, r)
        plan = room.plan(request)
        steps: Counter[tuple[str, str]] = Counter()
        for lot in room.state(room.market.as_of).lots:
            steps[lot.account, lot.instrument] += lot.quantity
        held.append(steps)
        cash.append(room.state(room.market.as_of).cash)
        begun = len(broker._numbers)
        broker.faults = {begun + i: r.choice(FAULTS) for i in range(4) if r.random() < 0.4}
        fuse = Fuse(r.randint(2, 30))
        store, fused = FusedStore(room.store, fuse), FusedBroker(broker, fuse)
        with contextlib.suppress(Killed):
            room.apply(plan, request, store=store, broker=fused)
        findings += room.apply(plan, request).findings
        broker.heal()
        for _ in range(5):
            result = room.apply(plan, request)
            findings += result.findings
            if not result.changed:
                break
        plans.append((plan, request))
        ended = [one.state for one in result.orders]
        whole = ended == [OrderState.FILLED] * len(plan.trades) and not room.folded().halted
        if plan.trades and whole and not any(request.withdrawals.values()):
            again.append(room.plan())
    return Life(
        seed, room, tuple(plans), tuple(held), tuple(cash), tuple(findings), paid, tuple(again)
    )  # fmt: skip


def _asked(room: Room, r: random.Random) -> Request:
    """To act now, sometimes with cash that comes in with the plan, or that goes out."""
    folded = room.folded()
    account = r.choice(sorted(room.mandate.household.accounts))
    drawn, most = r.random(), folded.cash.get(account, 0) // 2
    if drawn < 0.2:
        return Request(now=True, deposits={account: r.randint(1, 500_000)})
    if drawn < 0.4 and most > 0:
        return Request(now=True, withdrawals={account: r.randint(1, most)})
    return Request(now=True)


def _between(room: Room, r: random.Random) -> None:
    """What happens between two sessions: cash comes and goes, lots come, go and change accounts."""
    for happened in (_cash_moves, _lot_comes, _lot_goes):
        folded = room.folded()
        is_open = {one.order.account for one in folded.orders.values() if not one.state.is_final}
        still = sorted(set(room.mandate.household.accounts) - is_open)
        if still and r.random() < 0.5:
            booked_in(room.store, folded, happened(room, folded, r, still))


def _cash_moves(room: Room, folded: Folded, r: random.Random, accounts: list[str]) -> list[Draft]:
    account, on = r.choice(accounts), room.market.as_of
    there = folded.cash.get(account, 0)
    if there > 1 and r.random() < 0.5:
        return [events.withdrawn(account, r.randint(1, there // 2 or 1), on=on, at=AT)]
    return [events.deposited(account, r.randint(1, 800_000), on=on, at=AT)]


def _lot_comes(room: Room, folded: Folded, r: random.Random, accounts: list[str]) -> list[Draft]:
    account, name = r.choice(accounts), r.choice(sorted(folded.steps))
    steps = r.randint(1, 40) * int(1 / folded.steps[name])
    lot = Lot(
        f"in-{folded.head.seq}", account, name, steps, date(2024, 5, 6), r.randint(0, 900_000)
    )
    return [events.received(account, [lot], on=room.market.as_of, at=AT)]


def _lot_goes(room: Room, folded: Folded, r: random.Random, accounts: list[str]) -> list[Draft]:
    """A part of a lot goes out, or to another account."""
    lots = [lot for lot in folded.lots.values() if lot.account in accounts]
    if not lots:
        return []
    lot = r.choice(lots)
    part = relieved_part(lot, r.randint(1, lot.quantity))
    to = r.choice([None, *(name for name in accounts if name != lot.account)])
    name = "" if to is None else f"to-{folded.head.seq}"
    return [
        events.transferred(lot.account, to, [(part, name)], on=room.market.as_of, at=AT)
    ]  # fmt: skip


RATIOS = ("2", "3", "3/2", "7/3", "1/2", "1/10")


def _next_session(room: Room, rows: list[PriceRow], r: random.Random) -> None:
    """The next day: prices move, and follow the splits of the day; some instruments pay."""
    day = CALENDAR.next_session(room.market.as_of)
    for name, quote in room.market.quotes.items():
        assert quote.price is not None
        ratio = Fraction(r.choice(RATIOS)) if r.random() < 0.25 else Fraction(1)
        paid = Price(r.randint(1, 90), -2) if r.random() < 0.3 else None
        exponent = quote.price.exponent - 4
        exact = Fraction(quote.price.decimal) * r.randint(90, 111) / 100 / ratio
        moved = Price(round(exact / Fraction(10) ** exponent), exponent)
        rows.append(PriceRow(day, name, moved, ratio, paid))
    room.market = MemoryMarket(rows, CALENDAR).snapshot(day, list(room.market.quotes))
    room.broker.broker.terms = replace(room.broker.broker.terms, market=room.market)


def _payable(room: Room) -> dict[tuple[str, str, str], int]:
    """What the dividends of the day come to, of what is held before it and its splits."""
    folded, day = room.folded(), room.market.as_of
    found = {}
    for dividend in room.market.dividends:
        if dividend.on != day:
            continue
        for (account, name), steps in folded.positions.items():
            if name == dividend.instrument:
                units = steps * Fraction(folded.steps[name])
                amount = round(units * Fraction(dividend.amount.decimal) * 100)
                found[account, name, day.isoformat()] = amount
    return {key: amount for key, amount in found.items() if amount}


life_of = cache(lived)


def test_the_histories_are_rough_enough() -> None:
    """The histories hold what the invariants are about: kills, cuts, halts, unknown orders."""
    kinds = Counter(entry.kind for seed in ROUGH for entry in life_of(seed).room.store.read())

    assert kinds["filled"] > 20
    for rare in (
        "order_unknown", "order_cancelled", "overfilled", "target_adopted", "split",
        "dividend_paid", "transferred", "deposited", "withdrawn",
    ):  # fmt: skip
        assert kinds[rare], rare
    assert any(life_of(seed).again for seed in ROUGH)


@pytest.mark.parametrize("seed", OWING)
def test_picked_histories_leave_debts_beside_cash(seed: int) -> None:
    """An account owes what another one has, when a plan is made."""
    assert any(min(cash.values()) < 0 < sum(cash.values()) for cash in life_of(seed).cash)


@pytest.mark.parametrize("seed", AWAY)
def test_picked_histories_end_further_from_their_target(seed: int) -> None:
    """A plan without a withdrawal ends further away than it began, and tells why."""
    away = [pair for pair in life_of(seed).plans if _ends_further(*pair)]

    assert away
    assert all(_says_why(*pair) for pair in away)


@pytest.mark.parametrize("seed", KEEPING)
def test_picked_histories_sell_all_but_what_is_kept(seed: int) -> None:
    """A sale stops at the steps that are to be kept, and there are some."""
    life = life_of(seed)
    accounts = life.room.mandate.household.accounts
    left = [
        (held[one.account, one.instrument] - one.quantity,
         accounts[one.account].keep.get(one.instrument, 0))
        for (plan, _), held in zip(life.plans, life.held, strict=True)
        for one in plan.trades
        if one.side == "sell"
    ]  # fmt: skip

    assert any(steps == kept > 0 for steps, kept in left)


def tried(*seeds: int) -> Callable[[Callable[[int], None]], Callable[[int], None]]:
    """These seeds in every run, beside those that are drawn."""

    def added(test: Callable[[int], None]) -> Callable[[int], None]:
        for seed in reversed(seeds):
            test = example(seed)(test)
        return test

    return added


@settings(slow, max_examples=8)
@tried(*ROUGH, *OWING, *AWAY, *KEEPING)
@given(SEEDS)
def test_the_invariants_hold_after_every_history(seed: int) -> None:
    """All fifteen, each by its name; of bad prices, 12, there is a property of its own below."""
    life = life_of(seed)

    for invariant in AFTER_A_HISTORY:
        invariant(life)


def invariant_01_one_order_for_each_intention(life: Life) -> None:
    """At most one order for each intention; its id is the intention's hash, durable before."""
    broker, entries = life.room.broker, life.room.store.read()
    intended = [entry.body["order"] for entry in entries if entry.kind == "order_intended"]
    assert len(intended) == len(set(intended))

    for name, order in broker.orders.items():
        own = order_id(
            account=order.account, plan=order.plan, instrument=order.instrument, side=order.side,
            part=order.slice, attempt=order.attempt,
        )  # fmt: skip
        assert name == order.id == own
        assert name in intended


def invariant_02_no_more_filled_than_ordered(life: Life) -> None:
    """Fills sum to no more than the order, unless an overfill is flagged and the account halted."""
    folded = life.room.folded()
    for record in folded.orders.values():
        most = record.order.quantity
        assert most is None or record.filled <= most + record.excess
        if record.excess:
            assert record.order.account in folded.halted


def invariant_03_positions_are_open_lots(life: Life) -> None:
    """Position = opening + fills + corporate actions + transfers = open lots, exactly.

    Summed from the entries as they stand, without the fold. Each split that the market showed is
    among them once, and each dividend is what was held before its day times what a unit is paid.
    """
    entries = life.room.store.read()
    steps: Counter[tuple[str, str]] = Counter()
    names = {lot.id: lot.instrument for lot in life.room.opening.lots}
    for lot in life.room.opening.lots:
        steps[lot.account, lot.instrument] += lot.quantity
    for entry in entries:
        _moved(steps, names, entry.kind, entry.body)
    folded = life.room.folded()
    lots: Counter[tuple[str, str]] = Counter()
    for lot in folded.lots.values():
        lots[lot.account, lot.instrument] += lot.quantity
    assert dict(folded.positions) == {k: v for k, v in steps.items() if v} == dict(lots)

    booked = [
        Split(str(b["instrument"]), date.fromisoformat(str(b["on"])),
              Fraction(int(str(b["new"])), int(str(b["old"]))))
        for b in (entry.body for entry in entries if entry.kind == "split")
    ]  # fmt: skip
    assert sorted(booked, key=repr) == sorted(life.room.market.splits, key=repr)
    paid = [entry.body for entry in entries if entry.kind == "dividend_paid"]
    found = {(str(b["account"]), str(b["instrument"]), str(b["on"])): b["amount"] for b in paid}
    assert len(found) == len(paid)
    assert found == {key: money_text(amount) for key, amount in life.paid.items()}


def _moved(
    steps: Counter[tuple[str, str]], names: dict[str, str], kind: str, body: Mapping[str, Any]
) -> None:
    """What an entry does to what is held; `names` are the instruments of all lots so far."""
    if kind == "filled":
        sign = 1 if body["side"] == "buy" else -1
        steps[body["account"], body["instrument"]] += sign * int(body["steps"])
        if body["side"] == "buy":
            names[body["lot"]] = body["instrument"]
    elif kind == "split":
        new, old = int(body["new"]), int(body["old"])
        for account, name in list(steps):
            if name == body["instrument"]:
                steps[account, name] = steps[account, name] * new // old
    elif kind == "transferred":
        for item in body["lots"]:
            name = item["instrument"] if body["from"] is None else names[item["lot"]]
            names[item.get("as") or item["lot"]] = name
            for place, sign in ((body["from"], -1), (body["to"], 1)):
                if place is not None:
                    steps[place, name] += sign * int(item["steps"])


def invariant_04_postings_balance(life: Life) -> None:
    """The postings of every entry sum to zero in every unit; nothing appears from nowhere."""
    for _, postings in journal(life.room.store.read()):
        balance: Counter[str] = Counter()
        for posting in postings:
            balance[posting.unit] += posting.amount
        assert not any(balance.values())
    folded = life.room.folded()
    outside = sum(units.get("USD", 0) for units in folded.outside.values())
    assert outside + sum(folded.cash.values()) == 0


def invariant_05_record_and_broker_agree_or_nothing_trades(life: Life) -> None:
    """What the broker told is booked, and what is booked it told; or the account is halted."""
    folded, told = life.room.folded(), life.room.broker._told
    booked = {fill for _, fill in folded.fills}
    for event in told:
        if event.fill is not None and event.fill.id not in booked:
            assert folded.is_halted(folded.orders[event.order].order.account)
    fills = {event.fill.id for event in told if event.fill is not None}
    for record in folded.fills.values():
        assert record.fill.id in fills or folded.is_halted(record.account)


@settings(slow, max_examples=10)
@given(st.sampled_from(ROUGH), st.integers(0, 30))
def test_invariant_05_a_broker_that_lost_what_it_did_is_sent_nothing(seed: int, kept: int) -> None:
    """Whatever of its book it lost, the accounts that traded what is gone stand still, and say so;
    the others trade on.
    """
    room = lived(seed).room
    broker = room.broker
    del broker._told[kept:]
    left = {event.fill.id for event in broker._told if event.fill is not None}
    lost = {r.account for r in room.folded().fills.values() if r.fill.id not in left}
    before = set(broker.orders)
    request = Request(now=True)

    result = room.apply(room.plan(request), request)

    folded = room.folded()
    assert all(folded.is_halted(account) for account in lost)
    new = [order for name, order in broker.orders.items() if name not in before]
    assert not lost & {order.account for order in new}
    told = {f.subject for f in result.findings if f.code == "broker-lost-orders"}
    assert told >= lost


def invariant_06_only_bytes_that_passed_the_gate_leave(life: Life) -> None:
    """Every order at the broker has a recorded pass for its very bytes, written before."""
    entries = life.room.store.read()
    for order in life.room.broker.orders.values():
        of = [entry for entry in entries if entry.body.get("order") == order.id]
        kinds = [entry.kind for entry in of]
        assert kinds[:3] == ["order_intended", "order_gated", "order_sent"]
        assert of[1].body["sha256"] == of[2].body["sha256"] == order_hash(order)


def invariant_07_no_lot_is_sold_twice(life: Life) -> None:
    """What fills take of a lot is no more than it ever held; splits and transfers are counted.

    A split and a transfer change lots as the record has it; that sums are right is invariant 3.
    """
    entries = life.room.store.read()
    held = Counter({lot.id: lot.quantity for lot in life.room.opening.lots})
    for place, entry in enumerate(entries, start=1):
        if entry.kind in ("split", "transferred"):
            lots = fold(entries[:place]).lots.values()
            held = Counter({lot.id: lot.quantity for lot in lots})
        if entry.kind != "filled":
            continue
        if entry.body["side"] == "buy":
            held[str(entry.body["lot"])] += int(str(entry.body["steps"]))
        for part in entry.body["relieved"]:  # type: ignore[union-attr]
            held[part["lot"]] -= int(part["steps"])  # type: ignore[index, call-overload]
            assert min(held.values()) >= 0
    open_lots = {lot.id: lot.quantity for lot in life.room.folded().lots.values()}
    assert {name: steps for name, steps in held.items() if steps} == open_lots


def invariant_08_an_unknown_order_ends_by_evidence_only(life: Life) -> None:
    """After `unknown` comes only what the broker says; the order was never sent twice.

    It says what became of the order, or that it never had it.
    """
    entries = life.room.store.read()
    sent = Counter(entry.body["order"] for entry in entries if entry.kind == "order_sent")
    assert max(sent.values(), default=1) == 1
    told = {event.order for event in life.room.broker._told}
    for name, record in life.room.folded().orders.items():
        kinds = [entry.kind for entry in entries if entry.body.get("order") == name]
        if "order_unknown" in kinds and record.state.is_final:
            never_had = record.state is OrderState.REJECTED and name not in life.room.broker.orders
            assert name in told or never_had


def invariant_09_replay_gives_the_same_state(life: Life) -> None:
    """From the first entry, at once or in parts, the same state and the same root."""
    entries = life.room.store.read()
    whole = state_digest(fold(entries))
    for cut in range(1, len(entries), max(1, len(entries) // 7)):
        assert state_digest(fold(entries[cut:], fold(entries[:cut]))) == whole
    again = lived(life.seed)
    assert again.room.store.data() == life.room.store.data()


def invariant_10_checkpoints_are_prefixes(life: Life) -> None:
    """Every earlier tree is a prefix of the later one, and every entry can be proved in it."""
    reading = verify_bytes(life.room.store.data())
    assert not reading.problems
    leaves = [bytes.fromhex(entry.hash) for entry in reading.entries]
    root = root_of(leaves)
    for size in range(1, len(leaves), max(1, len(leaves) // 9)):
        prefix = {"old_size": size, "old_root": root_of(leaves[:size])}
        whole = {"size": len(leaves), "root": root}
        assert consistency_holds(**prefix, **whole, proof=consistency_proof(leaves, size))
        proof = inclusion_proof(leaves, size)
        assert inclusion_holds(index=size, leaf=leaves[size], **whole, proof=proof)


def invariant_11_nothing_new_leaves_a_halted_account(life: Life) -> None:
    """Between a halt and its end, no order of the account is sent."""
    halted: set[str] = set()
    account_of = {
        entry.body["order"]: entry.body["account"]
        for entry in life.room.store.read()
        if entry.kind == "order_intended"
    }
    for entry in life.room.store.read():
        if entry.kind == "halted":
            halted.add(str(entry.body["scope"]))
        elif entry.kind == "overfilled":
            halted.add(str(account_of[entry.body["order"]]))
        elif entry.kind == "resumed":
            halted.discard(str(entry.body["scope"]))
        elif entry.kind == "order_sent":
            assert account_of[entry.body["order"]] not in halted
            assert "household" not in halted


BAD_PRICES: Mapping[str, Callable[[Quote], Quote | None]] = {
    "missing": lambda quote: None,
    "zero": lambda quote: replace(quote, price=None, raw="0"),
    "nan": lambda quote: replace(quote, price=None, raw="NaN"),
    "tenfold": lambda quote: _scaled(quote, 1),
    "a tenth": lambda quote: _scaled(quote, -1),
    "stale": lambda quote: replace(quote, on=date(2026, 3, 27)),
}


def _scaled(quote: Quote, power: int) -> Quote:
    assert quote.price is not None
    price = Price(quote.price.mantissa, quote.price.exponent + power)
    return replace(quote, price=price)


@settings(slow, max_examples=20)
@given(SEEDS, st.sampled_from(sorted(BAD_PRICES)))
def test_invariant_12_no_trade_on_a_bad_price(seed: int, kind: str) -> None:
    """LEAN 2384: what has no price to believe is not traded, and a finding says so."""
    case = generated(random.Random(seed))
    room = room_of(case)
    good = room.market
    previous = {n: replace(q, previous=q.price, previous_on=q.on) for n, q in good.quotes.items()}
    for name in sorted(good.quotes):
        wrong = BAD_PRICES[kind](previous[name])
        quotes = {**previous, name: wrong}
        if wrong is None:
            del quotes[name]
        room.market = replace(good, quotes=quotes)
        plan = room.plan(Request(now=True))

        assert all(trade.instrument != name for trade in plan.trades)
        held = {lot.instrument for lot in case.state.lots}
        assert name not in held or name in {finding.subject for finding in plan.findings}


def invariant_12_a_split_that_the_price_followed_freezes_nothing(life: Life) -> None:
    """Nobody counts it twice: neither the price before it nor the one that a plan accepted."""
    doubts = {"price-jump", "split-missing", "split-out-of-phase", "invalid-price"}
    for plan, _ in life.plans:
        assert not doubts & {finding.code for finding in plan.findings}


def invariant_13_no_loss_is_reported_as_allowable(life: Life) -> None:
    """No loss lowers the tax of a plan, so none can be washed by a purchase elsewhere."""
    for plan, _ in life.plans:
        sales = [sale for trade in plan.trades for sale in trade.lots]
        assert all(sale.tax >= 0 for sale in sales)
        assert all(sale.tax == 0 for sale in sales if sale.gain is not None and sale.gain <= 0)
        assert plan.tax == sum(sale.tax for sale in sales)


def invariant_14_replanning_after_execution_plans_nothing(life: Life) -> None:
    """Carried out in full, planned again at the same prices in the same session: no trade.

    At first, and in every later session that began with splits, dividends or transfers.
    """
    case = generated(random.Random(life.seed))
    room = room_of(replace(case, request=Request()))
    plan = room.plan()

    assert room.apply(plan).status == "done"
    assert room.plan().trades == ()
    assert all(plan.trades == () for plan in life.again)


def invariant_15_no_plan_spends_or_sells_what_it_may_not(life: Life) -> None:
    """Cash, menus, restrictions, kept steps and drift, for every plan of every history."""
    household = life.room.mandate.household
    for (plan, request), held in zip(life.plans, life.held, strict=True):
        if "cash-short" not in {finding.code for finding in plan.findings}:
            assert min(plan.cash_after.values()) >= 0
        for trade in plan.trades:
            account = household.accounts[trade.account]
            assert trade.side == "sell" or account.may_buy(trade.instrument)
            assert trade.side == "buy" or trade.instrument not in account.do_not_sell
            if trade.side == "sell":
                before_it = held[trade.account, trade.instrument]
                assert before_it - trade.quantity >= account.keep.get(trade.instrument, 0)
        assert not _ends_further(plan, request) or _says_why(plan, request)


def _ends_further(plan: Plan, request: Request) -> bool:
    """Whether a plan without a withdrawal ends further from a target than it began."""
    drifts = [(plan.drift_after[target], before) for target, before in plan.drift_before.items()]
    return not any(request.withdrawals.values()) and any(after > before for after, before in drifts)


def _says_why(plan: Plan, request: Request) -> bool:
    """Whether a plan that ends further away tells of a deposit that stays, or of cash to raise."""
    if any(request.deposits.values()):
        stays = [note for note in plan.left_alone if note.reason == "idle-cash"]
        return any("of the deposit of" in note.why for note in stays)
    raised = [trade for trade in plan.trades if trade.reason == "raise-cash"]
    return any(trade.side == "sell" and "cash" in trade.why for trade in raised)


def test_targets_that_never_settle_mean_the_same_order_each_day() -> None:
    """bt 571: planned twice from the same inputs, a plan is the same to the byte."""
    case = generated(random.Random(3))
    assert decide(*case.arguments) == decide(*case.arguments)


AFTER_A_HISTORY: tuple[Callable[[Life], None], ...] = (
    invariant_01_one_order_for_each_intention,
    invariant_02_no_more_filled_than_ordered,
    invariant_03_positions_are_open_lots,
    invariant_04_postings_balance,
    invariant_05_record_and_broker_agree_or_nothing_trades,
    invariant_06_only_bytes_that_passed_the_gate_leave,
    invariant_07_no_lot_is_sold_twice,
    invariant_08_an_unknown_order_ends_by_evidence_only,
    invariant_09_replay_gives_the_same_state,
    invariant_10_checkpoints_are_prefixes,
    invariant_11_nothing_new_leaves_a_halted_account,
    invariant_12_a_split_that_the_price_followed_freezes_nothing,
    invariant_13_no_loss_is_reported_as_allowable,
    invariant_14_replanning_after_execution_plans_nothing,
    invariant_15_no_plan_spends_or_sells_what_it_may_not,
)
