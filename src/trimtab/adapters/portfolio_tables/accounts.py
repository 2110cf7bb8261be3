"""`[accounts.X]` and `[costs]`: restrictions, relief, and what trading costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from decimal import Decimal

from trimtab.adapters.portfolio_tables.instruments import Instruments
from trimtab.adapters.toml_lines import KeyPath
from trimtab.adapters.toml_table import SYMBOL, SYMBOL_RULE, Table, near, number_text, shown
from trimtab.costs import Costs
from trimtab.model.accounts import Account, Lot, Relief, TaxTreatment
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH, table_name
from trimtab.model.numbers import NumberError, steps_from
from trimtab.model.sleeves import Sleeve


def account(
    name: str, table: Table, target: Sleeve | None, instruments: Instruments, *, moves: bool
) -> Account:
    """`[accounts.X]`."""
    if "tax" not in table:
        words = ", ".join(TaxTreatment)
        table.problem("tax", "it is missing", f'write tax = "taxable", or one of {words}')
    # What is wrong is told here: as if its gains were taxed, each row of lots.csv would be too.
    tax = table.choice("tax", tuple(TaxTreatment), TaxTreatment.EXEMPT)
    if name == "household":
        table.problem("", "household is the name of the whole", "call the account otherwise")
    menu = table.symbols("menu")
    relief = table.choice("relief", tuple(Relief), Relief.LOWEST_TAX)
    specific = table.texts("specific_lots", "brokerage-VTI-2017-03-06-1")
    if relief is Relief.SPECIFIC and not specific:
        wrong = "for specific relief the lots are missing"
        table.problem("specific_lots", wrong, "list lot ids in the order in which they may go")
    return Account(
        id=name,
        tax=tax,
        broker=table.text("broker", '"manual"') or "manual",
        menu=None if menu is None else tuple(instruments.resolve(symbol) for symbol in menu),
        do_not_buy=_symbol_set(table, "do_not_buy", instruments),
        do_not_sell=_symbol_set(table, "do_not_sell", instruments),
        keep=_keep(table.table("keep"), instruments),
        relief=relief,
        specific_lots=specific,
        target=target,
        moves=moves,
    )


def _symbol_set(table: Table, key: str, instruments: Instruments) -> frozenset[str]:
    """A list of instruments of which the order does not matter."""
    return frozenset(instruments.resolve(symbol) for symbol in table.symbols(key) or ())


def _keep(table: Table, instruments: Instruments) -> dict[str, int]:
    """`keep = {VTI = 100}`: quantities that stay whatever the target says."""
    kept: dict[str, int] = {}
    for symbol, value in table.values.items():
        table.known.append(symbol)
        if SYMBOL.fullmatch(symbol) is None:
            table.problem(symbol, f"{shown(symbol)} is not an instrument", SYMBOL_RULE)
            continue
        quantity = table.as_number((symbol,), value, "100")
        instrument = instruments.known.get(instruments.resolve(symbol))
        if instrument is None:
            wrong = f"nothing holds or lists {symbol}"
            table.problem(symbol, wrong, near(symbol, sorted(instruments.known)))
        elif quantity is not None and symbol not in instruments.unsure:
            try:
                kept[instrument.id] = steps_from(quantity, instrument.step)
            except NumberError as error:
                remedy = f"correct it, or the step under {table_name(instrument.id)}"
                table.problem(symbol, str(error), remedy)
    return kept


def check_restrictions(
    tables: list[tuple[str, Table]],
    instruments: Instruments,
    unknown: Callable[[Iterable[str]], Mapping[str, str]],
) -> None:
    """What must not be bought or sold is known: a restriction that is mistyped protects nothing.

    Args:
        tables: `[accounts.X]`, by name.
        instruments: Those that tables, hold lists and rows name.
        unknown: Of symbols those that nothing knows, each with the nearest that is known.
    """
    written = [
        (table, key, number, symbol)
        for _, table in tables
        for key in ("do_not_buy", "do_not_sell")
        for number, symbol in enumerate(_texts_in(table.values.get(key)))
        if SYMBOL.fullmatch(symbol) and symbol not in (CASH, instruments.currency)
    ]
    nobodys = unknown(symbol for *_, symbol in written)
    for table, key, number, symbol in written:
        if symbol in nobodys:
            meant = nobodys[symbol]
            remedy = f"did you mean {meant}?" if meant else "correct it, or remove it"
            table.problem((key, number), f"nothing holds, lists or prices {symbol}", remedy)


def _texts_in(value: object) -> Iterator[str]:
    """The texts of a list; what is none has its own problem."""
    for one in value if isinstance(value, list) else ():
        yield one if isinstance(one, str) else ""


def check_specific_lots(
    tables: list[tuple[str, Table]], accounts: Mapping[str, Account], lots: tuple[Lot, ...]
) -> None:
    """The lots that an account names are among its own."""
    for name, table in tables:
        own = [lot.id for lot in lots if lot.account == name]
        for number, lot in enumerate(accounts[name].specific_lots):
            if lot not in own:
                wrong = f"there is no lot {shown(lot)} in {name}"
                is_list = isinstance(table.values["specific_lots"], list)
                key: KeyPath = ("specific_lots", number) if is_list else ("specific_lots",)
                remedy = near(lot, own) if len(own) < 20 else "see lots.csv"
                table.problem(key, wrong, remedy)


KEYS = (
    ("bps", "5", 10_000),
    ("half_spread_bps", "1", 10_000),
    ("per_share", "0.005", 10_000),
    ("commission", "4.95", 10**6),
    ("minimum", "1.00", 10**6),
    ("impact", "1", 100),
    ("temporary_impact", "3", 1_000),
    ("permanent_impact", "1", 1_000),
)
"""What trading costs: key, example and the most that is believed."""

FX = ("fx_bps", "10", 10_000)
"""The same of exchange: for every order in another currency, so of no instrument alone."""


@dataclass(frozen=True, slots=True)
class CostTable:
    """What `[costs]` or `[accounts.X.costs]` says, key by key.

    Args:
        keys: Of every instrument.
        by_instrument: Of single ones: `[costs.SYMBOL]`.
    """

    keys: Mapping[str, Decimal] = field(default_factory=dict)
    by_instrument: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)

    def over(self, below: CostTable) -> CostTable:
        """Both as one: each key as said here, where it is said here."""
        symbols = sorted({*below.by_instrument, *self.by_instrument})
        nothing: Mapping[str, Decimal] = {}
        return CostTable(
            {**below.keys, **self.keys},
            {
                symbol: {
                    **below.by_instrument.get(symbol, nothing),
                    **self.by_instrument.get(symbol, nothing),
                }
                for symbol in symbols
            },
        )

    @property
    def fx_bps(self) -> Decimal:
        """Half the distance between what a currency is bought and sold at, in basis points."""
        return self.keys.get(FX[0], Decimal(0))

    def costs(self) -> Costs:
        """The costs: what is said of an instrument goes before what is said of all."""
        single = {
            symbol: _costs_of({**self.keys, **own}) for symbol, own in self.by_instrument.items()
        }
        return _costs_of(self.keys, single)


def cost_table(table: Table, instruments: Instruments) -> CostTable:
    """`[costs]` or `[accounts.X.costs]`, with the tables of single instruments below it."""
    keys = _cost_keys(table, (*KEYS, FX))
    by_instrument: dict[str, Mapping[str, Decimal]] = {}
    for symbol, own in table.other_tables("instrument"):
        said = _cost_keys(own, KEYS)
        own.finish()
        instrument = instruments.resolve(symbol)
        if instrument not in instruments.known:
            wrong = f"nothing holds or lists {symbol}"
            own.problem("", wrong, near(symbol, sorted(instruments.known)))
        elif instrument in by_instrument:
            own.problem("", f"{symbol} is {instrument}, which has a table", "keep one of the two")
        by_instrument[instrument] = said
    table.finish()
    return CostTable(keys, by_instrument)


def _cost_keys(table: Table, keys: Iterable[tuple[str, str, int]]) -> dict[str, Decimal]:
    """The keys that a table of costs says."""
    costs: dict[str, Decimal] = {}
    for key, example, most in keys:
        value = table.number(key, example, most=Decimal(most))
        if value is not None:
            costs[key] = value
        if value is not None and key in ("commission", "minimum") and value != round(value, 2):
            table.problem(key, f"{number_text(value)} has parts of a cent", f"write {example}")
    return costs


def _costs_of(values: Mapping[str, Decimal], single: Mapping[str, Costs] | None = None) -> Costs:
    zero = Decimal(0)
    return Costs(
        bps=values.get("bps", zero),
        half_spread_bps=values.get("half_spread_bps", zero),
        per_share=values.get("per_share", zero),
        commission=values.get("commission", zero),
        minimum=values.get("minimum", zero),
        impact=values.get("impact", zero),
        temporary_impact=values.get("temporary_impact", zero),
        permanent_impact=values.get("permanent_impact", zero),
        by_instrument=single,
    )
