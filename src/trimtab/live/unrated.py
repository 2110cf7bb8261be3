"""Prices in another currency without a rate, over history: told once, and refused at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from trimtab.adapters.prices_file import PriceFile
from trimtab.engine.foreign import FOREIGN, remedy, without_rate
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding

OPTION = " or --fx FILE"


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
                until = f" Or end the run by then (--end {days[-1]})." if days else ""
                wrong.append(f"{said}. {what}{until}")
                continue
            message = f"{said}: it is not traded then, and counted at its last price. {what}"
            findings.append(Finding(FOREIGN, name, message))
    if wrong:
        raise RefusedError("\n".join(wrong))
    return tuple(findings)
