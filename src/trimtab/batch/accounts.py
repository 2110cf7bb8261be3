"""From the rows of a chunk to accounts that can be decided, and those that cannot, with reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimtab.batch.book import BAD_DAY, NO_NUMBER, BookFile, Chunk, Groups
from trimtab.batch.kinds import Key, Models, Weights
from trimtab.batch.tables import ModelRow
from trimtab.engine.mandate import Mandate
from trimtab.kernels.account_columns import Accounts
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument, table_name
from trimtab.model.numbers import LARGEST, MINOR_DIGITS, NumberError, decimal_from, minor_from

Ints = NDArray[np.int64]

MOST_STEPS = 1 << 60


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with an account, or worth a look.

    Args:
        account: As the book names it; None for rows without an account.
        code: A stable word.
        message: What happened and what to do, for a person.
        stopped: Whether the account was left undecided.
    """

    account: Any
    code: str
    message: str
    stopped: bool = True


@dataclass(frozen=True, slots=True)
class Ready:
    """Accounts of a chunk whose rows are good.

    Args:
        names: As the book has them.
        mandates: By model; the rows of `models` beside them.
        models: By model.
        columns: What the compiled decision takes.
        rows: Row in the file of every lot.
        troubles: What is wrong with the others.
    """

    names: list[Any]
    mandates: list[Mandate]
    models: list[ModelRow]
    columns: Accounts
    rows: Ints
    troubles: list[Trouble]


@dataclass(frozen=True, slots=True)
class Symbols:
    """What the codes of a book's symbols mean.

    Args:
        names: The symbols, and one more for rows without.
        place: Place of each among all instruments; -1: none.
        cash: Code of the currency's rows; -1 when there are none.
        up, down: Steps = mantissa x up / down, which has to come out whole.
    """

    names: tuple[str, ...]
    place: Ints
    cash: int
    up: Ints
    down: Ints

    @classmethod
    def of(
        cls,
        book: BookFile,
        instruments: Mapping[str, Instrument],
        resolve: Callable[[str], str],
        currency: str,
    ) -> Symbols:
        """The codes of a book."""
        index = {id_: i for i, id_ in enumerate(sorted(instruments))}
        ids = [resolve(symbol) for symbol in book.symbols]
        place = [index.get(id_, -1) for id_ in ids]
        ratios = [
            Fraction(1, 10**book.quantity_scale) / Fraction(instruments[id_].step)
            if id_ in instruments
            else Fraction(1)
            for id_ in ids
        ]
        cash = book.symbols.index(currency) if currency in book.symbols else -1
        return cls(
            (*book.symbols, "(no symbol)"),
            np.array([*place, -1], dtype=np.int64),
            cash,
            np.array([*(r.numerator for r in ratios), 1], dtype=np.int64),
            np.array([*(r.denominator for r in ratios), 1], dtype=np.int64),
        )


class Order:
    """Whether accounts come in ascending order; those that do not are told apart."""

    def __init__(self) -> None:
        self.highest: Any = None
        self.back: list[Any] = []

    def is_next(self, name: Any) -> bool:
        """Whether a name stands after all before it; otherwise it is remembered."""
        if self.highest is None or name > self.highest:
            self.highest = name
            return True
        self.back.append(name)
        return False


def ready(
    book: BookFile,
    chunk: Chunk,
    symbols: Symbols,
    models: Models,
    targets: Mapping[Any, Weights] | None,
    order: Order,
    as_of: int,
) -> Ready:
    """Check the rows of a chunk and lay the good accounts out.

    Args:
        book, chunk: The rows.
        symbols: What their codes mean.
        models: The models.
        targets: Own targets by account; None where accounts follow their kinds.
        order: What came before.
        as_of: Ordinal of the day decided for.
    """
    troubles: list[Trouble] = []
    groups = chunk.groups
    whole = _in_one_piece(groups, order, troubles)
    of = _group_of_rows(groups, whole, len(chunk.symbol))
    wrong = _wrong_rows(book, chunk, symbols, as_of, of)
    is_bad = np.zeros(len(groups.names), dtype=np.bool_)
    is_bad[of[wrong.rows]] = True
    _tell_rows(book, chunk, symbols, wrong, of, troubles)

    keys, floors = _keys(groups, whole & ~is_bad, models, targets, troubles)
    model_of = np.full(len(groups.names), -1, dtype=np.int64)
    place_of: dict[Key, int] = {}
    mandates: list[Mandate] = []
    rows: list[ModelRow] = []
    for group, key in keys.items():
        if key not in place_of:
            try:
                mandate, row = models.of(key)
            except (KeyError, ValueError) as error:
                troubles.append(_model_trouble(groups.names[group], key, error))
                continue
            place_of[key] = len(mandates)
            mandates.append(mandate)
            rows.append(row)
        model_of[group] = place_of[key]
    _needs_basis(groups, chunk, symbols, of, model_of, rows, troubles)

    good = np.flatnonzero(model_of >= 0)
    number = np.full(len(groups.names) + 1, -1, dtype=np.int64)
    number[good] = np.arange(len(good))
    account = number[of]
    is_cash = chunk.symbol == symbols.cash
    lots = np.flatnonzero((account >= 0) & ~is_cash)
    money = np.flatnonzero((account >= 0) & is_cash)
    cash = np.zeros(len(good), dtype=np.int64)
    np.add.at(cash, account[money], wrong.minor[money])
    count = np.bincount(account[lots], minlength=len(good))
    _note_equal_lots(groups, chunk, symbols, lots, of, troubles)
    policy = [mandates[model_of[group]].cash_buffer for group in good.tolist()]
    buffer = [floors.get(group, own) for group, own in zip(good.tolist(), policy, strict=True)]
    return Ready(
        [groups.names[group] for group in good.tolist()],
        mandates,
        rows,
        Accounts(
            model=model_of[good],
            cash=cash,
            buffer=np.array(buffer, dtype=np.int64),
            first_lot=np.concatenate(([0], np.cumsum(count))).astype(np.int64),
            instrument=symbols.place[chunk.symbol[lots]],
            quantity=wrong.steps[lots],
            basis=wrong.basis[lots],
            day=chunk.day[lots],
            long_through=0,
        ),
        lots + chunk.start,
        troubles,
    )


def _in_one_piece(groups: Groups, order: Order, troubles: list[Trouble]) -> NDArray[np.bool_]:
    """Which accounts have their rows together, after all accounts before them."""
    together: NDArray[np.bool_] = groups.last - groups.first + 1 == groups.count
    for place, name in enumerate(groups.names):
        if name is None:
            message = f"{groups.count[place]} rows name no account: fill them in"
            troubles.append(Trouble(None, "no-account", message))
            together[place] = False
            continue
        is_next = order.is_next(name)
        if not is_next or not together[place]:
            if is_next:
                order.back.append(name)
            together[place] = False
            message = (
                f"its rows do not stand together, or {name} stands after an account that sorts "
                "behind it: sort the book by account"
            )
            troubles.append(Trouble(name, "unsorted", message))
    return together


def _group_of_rows(groups: Groups, whole: NDArray[np.bool_], rows: int) -> Ints:
    """The group of each row; -1 for rows of accounts that are not in one piece."""
    of = np.full(rows, -1, dtype=np.int64)
    chosen = np.flatnonzero(whole)
    if len(chosen) == len(groups.names):
        return np.repeat(np.arange(len(groups.names)), groups.count)
    for place in chosen.tolist():
        of[groups.first[place] : groups.last[place] + 1] = place
    return of


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows in steps and minor units, and which of them are wrong in which way."""

    steps: Ints
    minor: Ints
    basis: Ints
    rows: Ints
    codes: Ints


_FAULTS = (
    "",
    "unknown-symbol",
    "bad-quantity",
    "negative-quantity",
    "not-whole-steps",
    "too-large",
    "bad-cash",
    "bad-cost-basis",
    "bad-date",
    "future-date",
)


def _wrong_rows(book: BookFile, chunk: Chunk, symbols: Symbols, as_of: int, of: Ints) -> _Rows:
    """Turn mantissas into steps and minor units; the first fault of each row that has one."""
    code = np.zeros(len(chunk.symbol), dtype=np.int64)

    def mark(fault: str, where: NDArray[np.bool_]) -> None:
        np.copyto(code, _FAULTS.index(fault), where=where & (code == 0))

    is_cash = chunk.symbol == symbols.cash
    is_lot = ~is_cash
    quantity = chunk.quantity
    mark("unknown-symbol", is_lot & (symbols.place[chunk.symbol] < 0))
    mark("bad-quantity", quantity <= NO_NUMBER + 1)
    mark("negative-quantity", is_lot & (quantity <= 0))
    up, down = symbols.up[chunk.symbol], symbols.down[chunk.symbol]
    mark("too-large", (np.abs(quantity) > LARGEST // np.maximum(up, 100)) & (code == 0))
    safe = np.where(code == 0, quantity, 0)
    steps = safe * up
    mark("not-whole-steps", is_lot & (steps % down != 0))
    steps //= down
    mark("too-large", is_lot & (steps >= MOST_STEPS))
    minor, exact = _minor(safe, book.quantity_scale)
    mark("bad-cash", is_cash & ~exact)
    basis = chunk.basis
    known = basis != NO_NUMBER
    mark("bad-cost-basis", is_lot & known & ((basis < 0) | (basis > LARGEST // 100)))
    basis, exact = _minor(np.where(known & (code == 0), basis, 0), book.basis_scale)
    mark("bad-cost-basis", is_lot & known & ~exact)
    mark("bad-date", is_lot & (chunk.day == BAD_DAY))
    mark("future-date", is_lot & (chunk.day > as_of))
    wrong = np.flatnonzero((code != 0) & (of >= 0))
    return _Rows(steps, minor, np.where(known, basis, -1), wrong, code[wrong])


def _minor(mantissa: Ints, scale: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Money as minor units, and where it has no parts of one."""
    if scale <= MINOR_DIGITS:
        return mantissa * 10 ** (MINOR_DIGITS - scale), np.ones(len(mantissa), dtype=np.bool_)
    unit = 10 ** (scale - MINOR_DIGITS)
    return mantissa // unit, mantissa % unit == 0


def _tell_rows(
    book: BookFile,
    chunk: Chunk,
    symbols: Symbols,
    wrong: _Rows,
    of: Ints,
    troubles: list[Trouble],
) -> None:
    """One trouble for each account with wrong rows: its first, and how many more there are."""
    groups, first, counts = np.unique(of[wrong.rows], return_index=True, return_counts=True)
    for group, place, count in zip(groups.tolist(), first.tolist(), counts.tolist(), strict=True):
        row, fault = int(wrong.rows[place]), _FAULTS[int(wrong.codes[place])]
        symbol = symbols.names[int(chunk.symbol[row])]
        more = f"; {count - 1} more rows of the account are wrong." if count > 1 else ""
        message = f"row {chunk.start + row}: {_said(book, chunk, row, symbol, fault)}{more}"
        troubles.append(Trouble(chunk.groups.names[group], fault, message))


def _said(book: BookFile, chunk: Chunk, row: int, symbol: str, fault: str) -> str:
    """What is wrong with a row, and what would be right."""
    quantity = Decimal(int(chunk.quantity[row])).scaleb(-book.quantity_scale)
    match fault:
        case "unknown-symbol":
            return f"{symbol} is no instrument that can be held: correct the symbol"
        case "bad-quantity":
            return f"the quantity of {symbol} is missing or no plain decimal number"
        case "negative-quantity":
            return f"{quantity} of {symbol} is not above zero: write what is held"
        case "not-whole-steps":
            return (
                f"{quantity} of {symbol} is not a whole number of its steps: correct it, or set "
                f"step under {table_name(symbol)} in the model"
            )
        case "too-large":
            return f"{quantity} of {symbol} is larger than any quantity this program accepts"
        case "bad-cash":
            return f"{quantity} in cash has parts of a cent: write two decimals"
        case "bad-cost-basis":
            return f"the cost basis of {symbol} is no amount of zero or more with two decimals"
        case "bad-date":
            return f"{symbol} was acquired on no date: write it as 2017-03-06"
        case _:
            return f"{symbol} was acquired after the day decided for: correct it"


def _keys(
    groups: Groups,
    good: NDArray[np.bool_],
    models: Models,
    targets: Mapping[Any, Weights] | None,
    troubles: list[Trouble],
) -> tuple[dict[int, Key], dict[int, int]]:
    """The model of each good account, and the cash that is to stay where the book says it."""
    kinds = tuple(models.portfolio.household.accounts)
    keys: dict[int, Key] = {}
    floors: dict[int, int] = {}
    for fact, (_, same) in groups.facts.items():
        for group in np.flatnonzero(good & ~same).tolist():
            message = f"its rows do not agree on {fact}: it is the same for all rows of an account"
            troubles.append(Trouble(groups.names[group], "facts-differ", message))
        good = good & same
    for group in np.flatnonzero(good).tolist():
        name = groups.names[group]
        said = {fact: values[group] for fact, (values, _) in groups.facts.items()}
        kind = said.get("kind") or (kinds[0] if len(kinds) == 1 else "")
        weights: Weights = ()
        if targets is not None:
            weights = targets.get(name, ())
            if not weights:
                message = "the targets have no row of it: add them, or leave it out of the book"
                troubles.append(Trouble(name, "no-target", message))
                continue
        floor = said.get("cash_floor")
        if floor is not None:
            try:
                floors[group] = minor_from(decimal_from(floor))
            except NumberError as error:
                troubles.append(Trouble(name, "bad-cash-floor", f"cash_floor: {error}"))
                continue
            if floors[group] < 0:
                message = "cash_floor is below zero: write what is to stay in cash"
                troubles.append(Trouble(name, "bad-cash-floor", message))
                continue
        keys[group] = (kind, said.get("tax") or "", weights)
    return keys, floors


def _model_trouble(name: Any, key: Key, error: Exception) -> Trouble:
    kind, tax, weights = key
    if isinstance(error, KeyError):
        message = (
            f"the model has no account called {kind!r}" if kind else "it names no kind of account"
        )
        return Trouble(name, "unknown-kind", f"{message}: write one of the model's in column kind")
    if weights:
        return Trouble(name, "bad-target", f"its target: {error}")
    return Trouble(name, "unknown-tax", f"{tax!r} is no tax treatment: taxable, roth, traditional")


def _needs_basis(
    groups: Groups,
    chunk: Chunk,
    symbols: Symbols,
    of: Ints,
    model_of: Ints,
    rows: list[ModelRow],
    troubles: list[Trouble],
) -> None:
    """Take out taxable accounts with lots whose basis or day of purchase is not known."""
    taxed = np.array([row.account.tax.taxes_gains for row in rows] + [False], dtype=np.bool_)
    number = np.append(model_of, -1)
    lacking = (chunk.symbol != symbols.cash) & ((chunk.basis == NO_NUMBER) | (chunk.day == 0))
    found = np.flatnonzero(lacking & (of >= 0) & taxed[number[of]])
    for group, place in zip(*np.unique(of[found], return_index=True), strict=True):
        row = int(found[place])
        symbol = symbols.names[int(chunk.symbol[row])]
        what = "cost_basis" if chunk.basis[row] == NO_NUMBER else "acquired"
        message = (
            f"row {chunk.start + row}: {what} of {symbol} is missing, which taxable accounts need"
        )
        troubles.append(Trouble(groups.names[int(group)], "missing-basis", message))
        model_of[int(group)] = -1


def _note_equal_lots(
    groups: Groups, chunk: Chunk, symbols: Symbols, lots: Ints, of: Ints, troubles: list[Trouble]
) -> None:
    """Equal rows are so many lots, which is told: one of them may have been meant."""
    mixed = of[lots].astype(np.uint64)
    for column in (chunk.symbol, chunk.quantity, chunk.basis, chunk.day):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + column[lots].astype(np.uint64)
        mixed ^= mixed >> np.uint64(29)
    ordered = np.sort(mixed)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return
    seen: dict[tuple[int, ...], int] = {}
    told: set[int] = set()
    for row in lots[np.isin(mixed, twice)].tolist():
        group = int(of[row])
        columns = (chunk.symbol, chunk.quantity, chunk.basis, chunk.day)
        key = (group, *(int(column[row]) for column in columns))
        if key in seen and group not in told:
            told.add(group)
            symbol = symbols.names[int(chunk.symbol[row])]
            message = (
                f"rows {chunk.start + seen[key]} and {chunk.start + row} of {symbol} are equal and "
                "count as two lots: if one was meant, remove the other"
            )
            troubles.append(Trouble(groups.names[group], "equal-lots", message, stopped=False))
        seen.setdefault(key, row)
