"""`[policy]` and `[tax]`: when to act, how far, and what selling costs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from trimtab.adapters.portfolio_tables.instruments import Instruments
from trimtab.adapters.toml_table import Table, fraction, shown
from trimtab.model.accounts import Account
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.household import TaxProfile
from trimtab.model.policy import (
    PolicyError,
    To,
    When,
    check_policy,
    parse_to,
    parse_when,
)
from trimtab.taxes.countries import is_country


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """What `[policy]` says."""

    when: When
    to: To
    min_trade: int
    min_trade_units: Decimal
    cash_buffer: int
    drift_price: Decimal | None
    fewest_trades: bool


def policy(table: Table, findings: list[Finding]) -> PolicyTable:
    """`[policy]`: when to act, how far, and what is too small."""
    when = table.parsed("when", _when, '"monthly+band:5pp/25%"')
    to = table.parsed("to", _to, '"target"')
    if (when is not None and to is not None) or "when" not in table or "to" not in table:
        try:
            check_policy(parse_when(when or "never"), parse_to(to or "target"))
        except PolicyError as error:
            table.problem("to" if "to" in table else "when", str(error), "")
    if "when" not in table:
        findings.append(
            Finding(
                "no-policy",
                "portfolio.toml",
                "It does not say when to trade, so nothing is ever due. "
                'Add [policy] with when = "monthly+band:5pp/25%".',
            )
        )
    units = table.number("min_trade_units", "1")
    policy = PolicyTable(
        when=parse_when(when or "never"),
        to=parse_to(to or "target"),
        min_trade=table.money("min_trade", "500"),
        min_trade_units=Decimal(0) if units is None else units,
        cash_buffer=table.money("cash_buffer", "1000"),
        drift_price=table.number("drift_price", "0.01", above_zero=True),
        fewest_trades=table.flag("fewest_trades"),
    )
    table.finish()
    return policy


def tax(
    table: Table,
    instruments: Instruments,
    accounts: Mapping[str, Account],
    findings: list[Finding],
) -> TaxProfile:
    """`[tax]`: rates, losses carried, and what is substantially identical."""
    country = table.text("country", '"US"') or "US"
    if not is_country(country):
        wrong = f"{shown(country)} is not a country code"
        table.problem("country", wrong, _meant(country))
    long_percent = table.percent("long_percent", "15")
    short_percent = table.percent("short_percent", "24")
    groups = table.groups("identical")
    profile = TaxProfile(
        country=country,
        long_rate=fraction(long_percent, Decimal(0)),
        short_rate=fraction(short_percent, Decimal(0)),
        carryforward_short=table.money("carryforward_short", "0"),
        carryforward_long=table.money("carryforward_long", "0"),
        identical=tuple(
            frozenset(instruments.resolve(symbol) for symbol in group) for group in groups
        ),
    )
    table.finish()
    taxable = [name for name, account in accounts.items() if account.tax.taxes_gains]
    if taxable and long_percent is None and short_percent is None:
        findings.append(
            Finding(
                "no-tax-rates",
                ", ".join(taxable),
                "No tax rates are set, so gains are planned as if they cost nothing. "
                "Add [tax] with long_percent and short_percent.",
            )
        )
    return profile


def _meant(country: str) -> str:
    """What a country that is none was to be."""
    code = {"UK": "GB", "EL": "GR"}.get(country.upper(), country.upper())
    if is_country(code):
        return f'write country = "{code}"'
    return 'write its two capital letters of ISO 3166, as country = "US" or "GB"'


def participation(table: Table) -> Fraction | None:
    """`[paper]`: the largest part of a day's volume that an order on paper is filled with."""
    percent = table.percent("participation_percent", "10")
    if percent is not None and percent <= 0:
        wrong = f"{percent} percent of a day's volume fills nothing"
        remedy = "write participation_percent = 10, or leave it out to fill orders in whole"
        table.problem("participation_percent", wrong, remedy)
    table.finish()
    return None if percent is None else Fraction(percent) / 100


def _when(text: str) -> str:
    return str(parse_when(text))


def _to(text: str) -> str:
    return str(parse_to(text))
