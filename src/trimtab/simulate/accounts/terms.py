"""What is the same for every policy of a run in account mode, beside the household itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from decimal import Decimal

from trimtab.costs import Costs
from trimtab.model.errors import OptionError
from trimtab.model.frozen import dataclass
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.research.rules import DIVIDEND_USES, DividendUse, TradeAt

TRADES_AT: tuple[TradeAt, ...] = ("close", "next-open", "next-close")


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """What account mode is run under: the words and their meaning are those of `backtest`.

    Args:
        dividends: What becomes of cash dividends. `hold`, the default, leaves them in cash until a
            plan trades, as at a broker that reinvests none; `reinvest` buys whole steps of the same
            instrument at that close, as an order at the account's costs, and what is less than a
            step stays cash; `towards-target` decides on them as on a deposit of that day, which
            buys what is furthest below its target.
        flows: Deposits and withdrawals at the close, before the policy looks, divided among the
            accounts by what each is worth then. Deposits are decided on as those of `plan` are, or
            with `hold` stay cash until a plan trades; what a withdrawal lacks in cash is sold as
            `plan` sells for one. What cannot be raised is tried again at every session.
        flows_of: The same for accounts by name, beside that: what comes to and goes from that one
            alone; a share is one of what it is worth itself.
        fee: Yearly fee on assets, as 0.005: charged to each account's cash each month, for which a
            plan sells where it is not there.
        cash_rate: Yearly interest on cash, as 0.03, actual/365.25: booked at each month's end, and
            not taxed.
        trade_at: `close` trades at the close that decided. `next-open` and `next-close` act at the
            next session on what the policy asked for at a close, by a plan made anew at the prices
            that it trades at, as by someone who looks in the evening and plans the next day. What
            comes, goes or is reinvested trades at its own close all the same.
        delisted: Instruments whose prices end, and what a unit is turned into cash at on the first
            session after the last one; None: at its last price, 0: at nothing. It is no trade and
            costs nothing, and is taxed as a sale. From then on their sleeves go on by what else
            may fill them, or are spread over the others in proportion.
        participation: The largest part of a day's volume that one order is filled with, as 0.05.
            The rest goes on at the next session by a plan made anew, until all is filled or there
            is nothing more to do. None: as the household's paper accounts have it, where what is
            left waits until the policy acts again.
        impact: Scale of the square-root impact that fills are charged; None: that of the costs.
        temporary_impact, permanent_impact: The same of the linear impacts. Of the permanent one a
            fill pays its own half; prices of later sessions stay as they are.

    Raises:
        OptionError: A word is unknown, a fee, rate or price is none, or deposits are held in one
            account and not in another.
    """

    dividends: DividendUse = "hold"
    flows: Flows | None = None
    flows_of: Mapping[str, Flows] = field(default_factory=dict)
    fee: float = 0.0
    cash_rate: float = 0.0
    trade_at: TradeAt = "close"
    delisted: Mapping[str, Decimal | None] = field(default_factory=dict)
    participation: float | None = None
    impact: Decimal | None = None
    temporary_impact: Decimal | None = None
    permanent_impact: Decimal | None = None

    def __post_init__(self) -> None:
        if self.dividends not in DIVIDEND_USES:
            raise OptionError(f"dividends {self.dividends!r}: one of {', '.join(DIVIDEND_USES)}")
        if self.trade_at not in TRADES_AT:
            raise OptionError(f"trade_at {self.trade_at!r}: one of {', '.join(TRADES_AT)}")
        if not 0.0 <= self.fee < 1.0:
            raise OptionError(f"fee {self.fee!r}: a fraction a year, as 0.005")
        if not 0.0 <= self.cash_rate < 10.0:
            raise OptionError(f"cash_rate {self.cash_rate!r}: a fraction a year, as 0.03")
        if self.participation is not None and not 0.0 < self.participation <= 1.0:
            raise OptionError(f"participation {self.participation!r}: a share, as 0.05")
        # Scales that are none are refused where they are put into the costs.
        self._scaled(Costs())
        for id_, price in self.delisted.items():
            if price is not None and not (price.is_finite() and price >= 0):
                raise OptionError(f"delisted: {price} for {id_} is no price; zero or more")
        if len({one.invest for one in self.all_flows}) > 1:
            raise OptionError("flows: `invest` has to be the same for all accounts")

    def charged(self, costs: Mapping[str, Costs]) -> Mapping[str, Costs]:
        """What fills cost by account: a household's own costs, but for the scales given here.

        Those are for all accounts and instruments.
        """
        return {
            account: replace(
                self._scaled(own),
                by_instrument={id_: self._scaled(one) for id_, one in own.by_instrument.items()},
            )
            for account, own in {"": Costs(), **costs}.items()
        }

    def _scaled(self, own: Costs) -> Costs:
        """Costs with the scales given here."""

        def scale(given: Decimal | None, stated: Decimal) -> Decimal:
            return stated if given is None else given

        return replace(
            own,
            impact=scale(self.impact, own.impact),
            temporary_impact=scale(self.temporary_impact, own.temporary_impact),
            permanent_impact=scale(self.permanent_impact, own.permanent_impact),
        )

    @property
    def all_flows(self) -> tuple[Flows, ...]:
        """Every rule by which money comes or goes."""
        return (*((self.flows,) if self.flows else ()), *self.flows_of.values())


USUAL = AccountTerms()
"""As `plan` and `apply` have it at a broker that reinvests no dividends."""
