"""What is told of exchange: what it costs, and prices that have no rate where a run needs one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from trimtab.adapters.prices_file import PriceFile
from trimtab.engine.foreign import FOREIGN, remedy, without_rate
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding

OPTION = " or `fx=FILE`"


def with_cost(told: Sequence[Finding], fx_bps: Mapping[str, Decimal]) -> list[Finding]:
    """By which rates prices were brought over, and what the exchange costs, where it costs.

    Args:
        told: What is said of rates.
        fx_bps: Half-spreads of exchange in basis points, by account; empty is every other account.
    """
    dear = {account or "all others": bps for account, bps in fx_bps.items() if bps}
    said = ", ".join(
        f"{bps.normalize():f} basis points" + ("" if len(fx_bps) == 1 else f" in {account}")
        for account, bps in dear.items()
    )
    cost = f"costs {said} of each order" if dear else "is counted at no cost (costs.fx_bps)"
    return [
        replace(one, message=f"{one.message} Exchange {cost}.") if one.code == "converted" else one
        for one in told
    ]


def need_rates(
    source: PriceFile,
    sleeves: Mapping[str, Sequence[str]],
    *,
    start: date | None,
    end: date | None,
) -> tuple[Finding, ...]:
    """Make sure that what accounts need has a rate where a run ends; say where it has none before.

    Args:
        source: The prices.
        sleeves: By what accounts buy, or hold at the start, the sleeves that may hold it.
        start, end: The first and the last day that count.

    Raises:
        RefusedError: Prices in another currency have no rate at all, or none in the end.
    """
    first, last = start or date.min, end or date.max
    home = "" if source.exchange is None else source.exchange.home
    lacking = source.unconverted(sorted(sleeves), first, last, stand_ins=True)
    known = source.days_of(sorted(lacking))
    wrong, findings = list[str](), list[Finding]()
    for name, stretches in lacking.items():
        days = [day for day in known[name] if first <= day <= last]
        for one in stretches:
            said = without_rate(name, one, sleeves[name], home)
            what = remedy(one, home, also=OPTION)
            if not days or one.last > days[-1]:
                until = f" Or end the run by then (`end={days[-1]}`)." if days else ""
                wrong.append(f"{said}. {what}{until}")
                continue
            message = f"{said}: it is not traded then, and counted at its last price. {what}"
            findings.append(Finding(FOREIGN, name, message))
    if wrong:
        raise RefusedError("\n".join(wrong))
    return tuple(findings)
