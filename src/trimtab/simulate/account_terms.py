"""What is the same for every policy of a run in account mode, beside the household itself."""

from __future__ import annotations

from trimtab.model.frozen import dataclass
from trimtab.simulate.rules import DIVIDEND_USES, DividendUse


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """What account mode is run under: the words and their meaning are those of `backtest`.

    Args:
        dividends: What becomes of cash dividends. `hold`, the default, leaves them in cash until a
            plan trades, as at a broker that reinvests none; `reinvest` buys whole steps of the same
            instrument at that close, as an order at the account's costs, and what is less than a
            step stays cash; `towards-target` decides on them as on a deposit of that day, which
            buys what is furthest below its target.

    Raises:
        ValueError: A word is unknown.
    """

    dividends: DividendUse = "hold"

    def __post_init__(self) -> None:
        if self.dividends not in DIVIDEND_USES:
            raise ValueError(f"dividends {self.dividends!r}: one of {', '.join(DIVIDEND_USES)}")


USUAL = AccountTerms()
"""As `plan` and `apply` have it at a broker that reinvests no dividends."""
