"""How entries about what is held change the books: cash, splits, transfers, corrections."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from trimtab.ledger.books import (
    ACCOUNT,
    ADJUSTMENT,
    BANK,
    BASIS,
    BROKER,
    CORRECTION,
    FEES,
    ISSUER,
    OPENING,
    TAX,
    TRANSFER,
    Books,
)
from trimtab.ledger.events import FORMAT, Relieved
from trimtab.ledger.fields import Fields
from trimtab.ledger.folded import BookedSale, Purchase
from trimtab.model.accounts import Lot, Sale
from trimtab.model.numbers import MOST_DECIMALS, NumberError, Price, decimal_from, half_even
from trimtab.model.orders import OrderState


def opened(books: Books, body: Fields) -> None:
    """The opening statement; a large one comes in several parts."""
    version, part = body.whole("format", least=1), body.whole("part")
    if version != FORMAT:
        message = f"the record has format {version}, this program knows {FORMAT}: upgrade it"
        raise body.error(message, "format-unknown")
    statement = (body.name("household"), body.name("currency"), body.day("on"))
    digest = body.sha256("lots_sha256")
    books.opening_parts += 1
    if part == 0:
        books.household, books.currency, books.opened_on = statement
        books.lots_sha256, books.actions_through = digest, statement[2]
    elif (*statement, digest) != (
        books.household,
        books.currency,
        books.opened_on,
        books.lots_sha256,
    ):
        raise body.error("this part belongs to another opening statement", "opened-twice")
    steps = body.table("instruments")
    for instrument in steps.members():
        _declare(books, body, instrument, _step(steps, instrument))
    cash = body.table("cash")
    for account in cash.members():
        amount = cash.money(account, least=None)
        books.cash.setdefault(account, 0)
        books.pay(amount, source=OPENING, to=ACCOUNT + account)
    for item in body.each("lots"):
        lot = _lot(item)
        books.cash.setdefault(lot.account, 0)
        books.add_lot(body, lot, source=OPENING)
        if isinstance(lot.acquired, date):
            books.purchases.append(Purchase(body.seq, lot))
    for item in body.each("sales"):
        sale = _sale(item)
        books.need_step(body, sale.instrument)
        books.sales.append(BookedSale(body.seq, sale))


def _lot(item: Fields) -> Lot:
    return Lot(
        id=item.name("lot"),
        account=item.name("account"),
        instrument=item.name("instrument"),
        quantity=item.steps("steps"),
        acquired=item.acquired("acquired"),
        basis=item.money_or_none("basis"),
    )


def _sale(item: Fields) -> Sale:
    return Sale(
        account=item.name("account"),
        instrument=item.name("instrument"),
        quantity=item.steps("steps"),
        acquired=item.acquired("acquired"),
        sold=item.day("sold"),
        proceeds=item.money("proceeds"),
        basis=item.money("basis"),
    )


def _part(item: Fields) -> Relieved:
    return Relieved(item.name("lot"), item.steps("steps"), item.money_or_none("basis"))


def _step(body: Fields, name: str) -> Decimal:
    text = body.text(name)
    try:
        step = decimal_from(text)
    except NumberError as error:
        raise body.error(f"{text[:40]!r} is not a step such as 0.001") from error
    exponent = step.as_tuple().exponent
    assert isinstance(exponent, int)
    if step <= 0 or exponent < -MOST_DECIMALS or format(step, "f") != text:
        raise body.error(f"{text[:40]!r} is not a step such as 0.001")
    return step


def declared(books: Books, body: Fields) -> None:
    """An instrument gets its step, or a finer one: then every quantity is counted anew."""
    _declare(books, body, body.name("instrument"), _step(body, "step"))


def _declare(books: Books, body: Fields, instrument: str, step: Decimal) -> None:
    if instrument in (books.currency, BASIS):
        raise body.error(f"{instrument} is money, not an instrument", "instrument-is-money")
    old = books.steps.get(instrument)
    if old is None or old == step:
        books.steps[instrument] = step
        return
    factor = old / step
    if factor != int(factor) or factor < 1:
        message = f"{instrument} is counted in steps of {old:f}; {step:f} does not divide that"
        raise body.error(message, "step-not-finer")
    _need_no_open_order(books, body, instrument, "its step cannot change")
    _restate(books, instrument, int(factor), 1)
    for lot in _lots_of(books, instrument):
        steps = lot.quantity * int(factor)
        books.lots[lot.id] = replace(lot, quantity=steps)
        added = steps - lot.quantity
        books.move("#" + instrument, added, source=ISSUER, to=ACCOUNT + lot.account)
    books.steps[instrument] = step


def _need_no_open_order(books: Books, body: Fields, instrument: str, why: str) -> None:
    for record in books.open_orders():
        if record.order.instrument == instrument:
            message = f"{record.order.in_words(books.steps[instrument])} is still open: {why}"
            raise body.error(message, "order-open")


def _lots_of(books: Books, instrument: str) -> list[Lot]:
    return [lot for lot in books.lots.values() if lot.instrument == instrument]


def _restate(
    books: Books, instrument: str, new: int, old: int, *, before: int | None = None
) -> None:
    """Past purchases and sales in today's steps: the tax rules compare them with each other.

    `before` leaves what that entry and later ones booked as it is.
    """
    for place, purchase in enumerate(books.purchases):
        if purchase.lot.instrument == instrument and _is_past(purchase.seq, before):
            steps = max(1, half_even(purchase.lot.quantity * new, old))
            books.purchases[place] = Purchase(purchase.seq, replace(purchase.lot, quantity=steps))
    for place, booked in enumerate(books.sales):
        if booked.sale.instrument == instrument and _is_past(booked.seq, before):
            steps = max(1, half_even(booked.sale.quantity * new, old))
            books.sales[place] = BookedSale(booked.seq, replace(booked.sale, quantity=steps))


def _is_past(seq: int, before: int | None) -> bool:
    return before is None or seq < before


def deposited(books: Books, body: Fields) -> None:
    """Cash from outside is cash, and new cash to invest."""
    account, amount = body.name("account"), body.money("amount", least=1)
    _cash_in(books, body, account, amount, source=BANK)


def withdrawn(books: Books, body: Fields) -> None:
    """Cash that goes out is less to invest."""
    account, amount = body.name("account"), body.money("amount", least=1)
    _cash_in(books, body, account, -amount, source=BANK)


def interest_paid(books: Books, body: Fields) -> None:
    """Interest is new cash."""
    account, amount = body.name("account"), body.money("amount", least=1)
    _cash_in(books, body, account, amount, source=BROKER)


def fee_charged(books: Books, body: Fields) -> None:
    """A fee takes cash away."""
    account, amount = body.name("account"), body.money("amount", least=1)
    _cash_in(books, body, account, -amount, source=FEES)


def _cash_in(books: Books, body: Fields, account: str, amount: int, *, source: str) -> None:
    body.day("on")
    if books.is_repeated(body, account):
        return
    books.pay(amount, source=source, to=ACCOUNT + account)
    books.new_cash[account] = books.new_cash.get(account, 0) + amount


def dividend_paid(books: Books, body: Fields) -> None:
    """A dividend is new cash, less the tax that was withheld from it."""
    account, instrument = body.name("account"), body.name("instrument")
    amount, withheld = body.money("amount", least=1), body.money("withheld")
    books.need_step(body, instrument)
    if withheld > amount:
        raise body.error("more was withheld than paid", "withheld-too-much")
    body.day("on")
    if books.is_repeated(body, account):
        return
    books.pay(amount - withheld, source=ISSUER, to=ACCOUNT + account)
    books.pay(withheld, source=ISSUER, to=TAX)
    books.new_cash[account] = books.new_cash.get(account, 0) + amount - withheld


def split(books: Books, body: Fields) -> None:
    """Every lot is multiplied; what is not a whole step of an account was paid in cash."""
    instrument, on = body.name("instrument"), body.day("on")
    new, old = body.whole("new", least=1), body.whole("old", least=1)
    cash = body.table("cash_in_lieu")
    books.need_step(body, instrument)
    if new == old:
        raise body.error("a split of one for one changes nothing", "split-of-nothing")
    if _is_known_split(books, body, instrument, on, new, old):
        for account in cash.members():
            cash.money(account)
        return
    if any(record.order.instrument == instrument for record in books.open_orders()):
        books.note(body, "split-with-open-orders", f"orders in {instrument} are open; check them")
    by_account: dict[str, list[Lot]] = {}
    for lot in _lots_of(books, instrument):
        by_account.setdefault(lot.account, []).append(lot)
    for account, lots in by_account.items():
        _split_account(books, body, account, lots, new, old, cash)
    cash.done()
    _restate(books, instrument, new, old)
    books.splits.append((instrument, on, new, old, body.seq))
    accepted = books.accepted.get(instrument)
    if accepted is not None and accepted.on < on:
        price = _price_after(accepted.price, new, old)
        # From the split's day on, so that whoever counts splits since does not count it again.
        books.accepted[instrument] = replace(accepted, price=price, on=on)
        books.restated[instrument] = (body.seq, accepted)


def _price_after(price: Price, new: int, old: int) -> Price:
    """A price of the old count at the new one, with eight more digits where it is not exact.

    It stands in plans, so it has no more decimals than a file may write.
    """
    exponent = max(price.exponent - 8, min(price.exponent, -MOST_DECIMALS))
    mantissa = half_even(price.mantissa * 10 ** (price.exponent - exponent) * old, new)
    while mantissa % 10 == 0 and mantissa and exponent < price.exponent:
        mantissa, exponent = mantissa // 10, exponent + 1
    return Price(max(mantissa, 1), exponent)


def _is_known_split(
    books: Books, body: Fields, instrument: str, on: date, new: int, old: int
) -> bool:
    if books.opened_on is not None and on <= books.opened_on:
        message = f"the opening statement of {books.opened_on} is after this split of {on}"
        raise body.error(message, "split-before-opening")
    for known, day, *ratio, _ in books.splits:
        if (known, day) == (instrument, on):
            if ratio != [new, old]:
                message = f"{instrument} was split {ratio[0]} for {ratio[1]} on {on} already"
                raise body.error(message, "split-conflict")
            books.note(body, "split-repeated", f"this split of {instrument} was booked; ignored")
            return True
    traded = books.moved_on(instrument)
    if traded is not None and traded >= on:
        message = (
            f"{instrument} was traded on {traded}, on or after the split of {on}: that trade is at "
            "the new count; void it, book the split, then book it again under another id"
        )
        raise body.error(message, "split-late")
    return False


def _split_account(
    books: Books, body: Fields, account: str, lots: list[Lot], new: int, old: int, cash: Fields
) -> None:
    """Multiply one account's lots: their sum is exact, each ends where the sum up to it does."""
    instrument = lots[0].instrument
    total = sum(lot.quantity for lot in lots)
    _, rest = divmod(total * new, old)
    if (rest > 0) != cash.has(account):
        if rest:
            message = (
                f"{account} is left with {rest}/{old} of a step of {instrument}: the split must "
                "say what cash it got for that"
            )
            raise body.error(message, "split-fraction")
        message = f"{account} has whole steps of {instrument} after this split: no cash is due"
        raise body.error(message, "split-cash-not-due")
    place = ACCOUNT + account
    after = []
    up_to = done = 0
    for lot in lots:
        up_to += lot.quantity
        steps = up_to * new // old - done
        done += steps
        basis = lot.basis
        if rest and basis is not None:
            paid = half_even(basis * rest, total * new)
            books.move(BASIS, paid, source=place, to=ISSUER)
            basis -= paid
        after.append(replace(lot, quantity=steps, basis=basis))
    if any(lot.quantity * new % old for lot in lots) and len(lots) > 1:
        message = f"lots of {instrument} in {account} are rounded to steps; their sum is exact"
        books.note(body, "split-lots-rounded", message, "info")
    for lot in _without_empty(books, body, after, place):
        books.lots[lot.id] = lot
    books.move("#" + instrument, done - total, source=ISSUER, to=place)
    if rest:
        amount = cash.money(account)
        books.pay(amount, source=ISSUER, to=place)
        message = f"{account} got cash for {rest}/{old} of a step; it is not among the sales"
        books.note(body, "cash-in-lieu", message, "info")


def _without_empty(books: Books, body: Fields, lots: list[Lot], place: str) -> list[Lot]:
    """Drop lots that a reverse split left without a step; a neighbour takes their basis."""
    kept = [lot for lot in lots if lot.quantity > 0]
    for lot in lots:
        if lot.quantity > 0:
            continue
        del books.lots[lot.id]
        if not lot.basis:
            continue
        heir = next((i for i, other in enumerate(kept) if other.basis is not None), None)
        if heir is None:
            books.move(BASIS, lot.basis, source=place, to=ISSUER)
            continue
        kept[heir] = replace(kept[heir], basis=(kept[heir].basis or 0) + lot.basis)
        message = f"lot {lot.id} has no whole step left; lot {kept[heir].id} takes its basis"
        books.note(body, "split-lot-merged", message)
    return kept


def actions_booked(books: Books, body: Fields) -> None:
    """Splits and dividends are in the books up to a session."""
    through = body.day("through")
    if books.actions_through is not None and through < books.actions_through:
        message = f"they are booked through {books.actions_through} already"
        raise body.error(message, "actions-backwards")
    waits: dict[str, date] = {}
    if body.has("waits"):
        table = body.table("waits")
        waits = {name: table.day(name) for name in table.members()}
    books.actions_through, books.actions_waiting = through, waits


def transferred(books: Books, body: Fields) -> None:
    """Lots and cash change accounts in kind: nothing is bought or sold."""
    source, destination = body.name_or_none("from"), body.name_or_none("to")
    amount, on = body.money("amount"), body.day("on")
    if source == destination:
        raise body.error("a transfer goes from one place to another", "transfer-nowhere")
    for item in body.each("lots"):
        if source is None:
            lot = _lot(item)
            if lot.account != destination:
                raise item.error("the lot does not go to the account that gets it")
            books.add_lot(body, lot, source=TRANSFER)
        else:
            lot = _move_lot(books, body, item, source, destination)
        books.transfers.append((body.seq, lot.instrument, on))
    for account, signed in ((source, -amount), (destination, amount)):
        if account is not None and amount:
            books.pay(signed, source=TRANSFER, to=ACCOUNT + account)
            books.new_cash[account] = books.new_cash.get(account, 0) + signed


def _move_lot(
    books: Books, body: Fields, item: Fields, source: str, destination: str | None
) -> Lot:
    part, new_id = _part(item), item.name_or_none("as")
    held = books.lots.get(part.lot)
    if held is not None and held.account != source:
        raise item.error(f"lot {part.lot} is in {held.account}, not in {source}", "lot-not-there")
    if (new_id is None) != (destination is None):
        raise item.error("a lot gets an id where it arrives, and only there")
    taken = books.take_part(body, part, to=TRANSFER)
    if new_id is not None and destination is not None:
        if new_id == part.lot and part.lot not in books.lots:
            books.lot_ids.discard(part.lot)  # a whole lot may keep its id
        lot = replace(taken, id=new_id, account=destination)
        books.add_lot(body, lot, source=TRANSFER)
    return taken


def basis_adjusted(books: Books, body: Fields) -> None:
    """A lot's basis changes without a trade."""
    lot_id, amount = body.name("lot"), body.money("amount", least=None)
    acquired = body.acquired("acquired")
    body.name("reason")
    body.day("on")
    lot = books.lots.get(lot_id)
    if lot is None:
        raise body.error(f"lot {lot_id} is not open", "lot-not-there")
    if lot.basis is None:
        raise body.error(f"the basis of lot {lot_id} is not known", "basis-unknown")
    if lot.basis + amount < 0:
        raise body.error(f"the basis of lot {lot_id} would be below zero", "basis-negative")
    kept = lot.acquired if acquired is None else acquired
    books.lots[lot_id] = replace(lot, basis=lot.basis + amount, acquired=kept)
    books.move(BASIS, amount, source=ADJUSTMENT, to=ACCOUNT + lot.account)


def corrected(books: Books, body: Fields) -> None:
    """An earlier entry was wrong: what changes now, against a source of its own."""
    of = body.whole("of", least=1)
    body.name("reason")
    body.day("on")
    if of >= body.seq:
        raise body.error(f"entry {of} is not earlier than this one", "correction-of-later")
    if body.flag("voids"):
        _void(books, body, of)
    removed = [_part(item) for item in body.each("removed")]
    lots = [_lot(item) for item in body.each("added")]
    for part in removed:
        books.take_part(body, part, to=CORRECTION)
    for lot in lots:
        books.add_lot(body, lot, source=CORRECTION)
    if of not in books.voided and len(removed) == len(lots):
        for part, lot in zip(removed, lots, strict=True):
            _bought_otherwise(books, of, part.lot, lot)
    cash, new_cash = body.table("cash"), body.table("new_cash")
    for account in cash.members():
        amount = cash.money(account, least=None)
        books.pay(amount, source=CORRECTION, to=ACCOUNT + account)
    for account in new_cash.members():
        added = new_cash.money(account, least=None)
        books.new_cash[account] = books.new_cash.get(account, 0) + added


def _bought_otherwise(books: Books, of: int, name: str, lot: Lot) -> None:
    """A lot that is put in anew was bought on another day: the tax rules ask for it."""
    for place, purchase in enumerate(books.purchases):
        if purchase.seq == of and purchase.lot.id == name:
            known = replace(purchase.lot, id=lot.id, acquired=lot.acquired)
            books.purchases[place] = replace(purchase, lot=known)


def _void(books: Books, body: Fields, of: int) -> None:
    if of in books.voided:
        raise body.error(f"entry {of} was voided before", "voided-twice")
    books.voided.add(of)
    books.sales = [booked for booked in books.sales if booked.seq != of]
    books.purchases = [purchase for purchase in books.purchases if purchase.seq != of]
    for known in books.splits:
        if known[-1] == of:
            _unsplit(books, *known)
            return
    found = books.fill_of(of)
    if found is None:
        return
    key, record = found
    books.put_fill(key, replace(record, voided=True))
    if not record.fill.order:
        return
    order = books.orders[record.fill.order]
    state = order.state
    if state in (OrderState.FILLED, OrderState.PARTLY_FILLED):
        # Open again: who knows that it is over says so with an entry of its own.
        rest = order.filled - record.fill.quantity
        state = OrderState.PARTLY_FILLED if rest else OrderState.ACCEPTED
    books.put_order(
        replace(
            order,
            state=state,
            filled=order.filled - record.fill.quantity,
            filled_gross=order.filled_gross - record.fill.gross,
        )
    )


def _unsplit(books: Books, instrument: str, on: date, new: int, old: int, seq: int) -> None:
    """A split never happened; the correction itself brings the lots back as they were."""
    books.splits.remove((instrument, on, new, old, seq))
    _restate(books, instrument, old, new, before=seq)
    if instrument in books.restated and books.restated[instrument][0] == seq:
        # What a plan has accepted since then is of the market and stays.
        _, books.accepted[instrument] = books.restated.pop(instrument)
