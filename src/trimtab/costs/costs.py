"""Commission, spread and fees of an order: as rates for optimisers, exactly for money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache

from trimtab.kernels.money import RATE_SCALE, trade_cost
from trimtab.model.errors import OptionError
from trimtab.model.frozen import LATER, dataclass
from trimtab.model.numbers import half_even, minor_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.costs.impact import LinearImpact

Rate = int | float | str | Decimal


@dataclass(frozen=True, slots=True)
class OrderCosts:
    """What the orders of one instrument cost, in the integers that the kernels take.

    Args:
        rate: Of the money traded, in units of 1e-8.
        per_step: A step, in units of 1e-8 of a minor unit.
        fixed: An order, in minor units.
        minimum: The least an order costs, in minor units.
    """

    rate: int = 0
    per_step: int = 0
    fixed: int = 0
    minimum: int = 0

    def of(self, value: int, steps: int) -> int:
        """What trading `steps` worth `value` minor units costs, in minor units."""
        return int(trade_cost(value, steps, self.rate, self.per_step, self.fixed, self.minimum))

    @property
    def is_linear(self) -> bool:
        """Whether twice the trade costs twice as much: no fixed and no least fee."""
        return self.fixed == 0 and self.minimum == 0


@dataclass(frozen=True)
class Costs:
    """What trading costs.

    Args:
        bps: Fee in basis points of the money traded.
        half_spread_bps: Half the distance between bid and ask, in basis points of the price.
        per_share: Fee a unit, in money.
        commission: Fee an order, in money.
        minimum: The least that commission and fees of an order come to, in money.
        by_instrument: Other costs for some instruments, by id.
        maximum: The most that commission and fees of an order come to, in money; None for any.
        tiers: Falling or rising fees: from so much money of an order on, other basis points
            instead of `bps`, for what is beyond.
        share_tiers: The same by units: from so many on, another fee instead of `per_share`.
        impact: How much an order moves the price: `impact x sigma x sqrt(order / usual day) x
            order`, with sigma the daily volatility. Near one in most studies. Needs volumes.
        borrow_bps: What borrowing what is sold short costs a year, in basis points of its value.
        temporary_impact: What trading fast costs each unit, in daily volatilities for each usual
            day of volume traded in one session: `temporary_impact x sigma x (units / usual day)`
            of the price. Gone with its session. Needs volumes.
        permanent_impact: How far an order moves the price for good, in the same units; the order
            itself pays half of that, every later trade and valuation all of it. Needs volumes.

    `maximum`, `tiers`, `share_tiers`, the impacts and `borrow_bps` are worked out in backtests in
    research mode. A plan decides without impact, and tells it beside its costs as an estimate. It
    has no short positions and so no borrowing, and charges the highest fee of a schedule: of fees
    it says the most that an order costs.

    >>> Costs(bps=10).order_costs("VTI", Decimal(1)).of(1_000_000, 100)
    1000
    """

    bps: Decimal = Decimal(0)
    half_spread_bps: Decimal = Decimal(0)
    per_share: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    by_instrument: Mapping[str, Costs] = field(default_factory=dict)
    maximum: Decimal | None = None
    tiers: Mapping[Decimal, Decimal] = field(default_factory=dict)
    share_tiers: Mapping[Decimal, Decimal] = field(default_factory=dict)
    impact: Decimal = Decimal(0)
    borrow_bps: Decimal = field(default=Decimal(0), metadata={LATER: True})
    temporary_impact: Decimal = field(default=Decimal(0), metadata={LATER: True})
    permanent_impact: Decimal = field(default=Decimal(0), metadata={LATER: True})

    def __init__(
        self,
        *,
        bps: Rate = 0,
        half_spread_bps: Rate = 0,
        per_share: Rate = 0,
        commission: Rate = 0,
        minimum: Rate = 0,
        by_instrument: Mapping[str, Costs] | None = None,
        maximum: Rate | None = None,
        tiers: Mapping[Rate, Rate] | None = None,
        share_tiers: Mapping[Rate, Rate] | None = None,
        impact: Rate = 0,
        borrow_bps: Rate = 0,
        temporary_impact: Rate = 0,
        permanent_impact: Rate = 0,
    ) -> None:
        put = object.__setattr__
        put(self, "bps", _checked("bps", bps, most=10_000))
        put(self, "half_spread_bps", _checked("half_spread_bps", half_spread_bps, most=10_000))
        put(self, "per_share", _checked("per_share", per_share, most=10_000))
        put(self, "commission", _checked("commission", commission, most=1_000_000))
        put(self, "minimum", _checked("minimum", minimum, most=1_000_000))
        put(self, "by_instrument", dict(by_instrument or {}))
        most = None if maximum is None else _checked("maximum", maximum, most=1_000_000)
        if most is not None and most < self.minimum:
            raise OptionError(f"costs: maximum is {most} and minimum {self.minimum}")
        put(self, "maximum", most)
        put(self, "tiers", _schedule("tiers", tiers or {}))
        put(self, "share_tiers", _schedule("share_tiers", share_tiers or {}))
        put(self, "impact", _checked("impact", impact, most=100))
        put(self, "borrow_bps", _checked("borrow_bps", borrow_bps, most=100_000))
        linear = ("temporary_impact", temporary_impact), ("permanent_impact", permanent_impact)
        for name, scale in linear:
            put(self, name, _checked(name, scale, most=1_000))

    @cached_property
    def plain(self) -> tuple[float, float, float, float]:
        """Rate, fee a unit, fee an order and least fee as floats, `by_instrument` aside.

        Worked out once: a decimal's way to a float is long, and runs over the same costs are many.
        """
        rate = (self.bps + self.half_spread_bps) / 10_000
        return float(rate), float(self.per_share), float(self.commission), float(self.minimum)

    @cached_property
    def is_plain(self) -> bool:
        """Whether rates, fees an order and a least fee are all there is, for any instrument."""
        if self.maximum is not None or self.tiers or self.share_tiers or self.moves_prices:
            return False
        return not self.by_instrument or all(own.is_plain for own in self.by_instrument.values())

    @property
    def moves_prices(self) -> bool:
        """Whether orders move prices, which takes volumes to know; `by_instrument` aside."""
        return bool(self.impact or self.temporary_impact or self.permanent_impact)

    @property
    def needs_volume(self) -> bool:
        """Whether orders move the price of any instrument."""
        return any(one.moves_prices for one in (self, *self.by_instrument.values()))

    def linear_impact(
        self, instrument: str, *, price: float, daily_volatility: float, daily_volume: float
    ) -> LinearImpact:
        """The linear impact and the fees of one instrument, to split one of its orders by hand.

        What a backtest charges a list of daily trades is `expected_cost` of this, as long as price,
        volatility and volume stay what they are.

        Args:
            instrument: Which, for costs of its own.
            price: Of a unit, in money.
            daily_volatility: Standard deviation of a day's return.
            daily_volume: Units traded on a usual day; above zero.

        Returns:
            In money a unit and a day, with fees of the money and the unit as its spread.
        """
        from trimtab.costs.impact import linear_impact

        own = self.by_instrument.get(instrument, self)
        rate = float((own.bps + own.half_spread_bps) / 10_000)
        return linear_impact(
            float(own.permanent_impact),
            float(own.temporary_impact),
            price=price,
            daily_volatility=daily_volatility,
            daily_volume=daily_volume,
            spread=price * rate + float(own.per_share),
        )

    def impact_cost(
        self,
        instrument: str,
        units: float,
        *,
        price: float,
        daily_volatility: float,
        daily_volume: float,
        daily_money: float,
    ) -> float:
        """What an order costs by moving the price, in money, where no earlier one has moved it.

        Args:
            instrument: Which, for costs of its own.
            units: Bought or sold in one day; zero or more.
            price: Of a unit, in money.
            daily_volatility: Standard deviation of a day's return.
            daily_volume: Units traded on a usual day; above zero.
            daily_money: What is traded on a usual day, in money; above zero.

        >>> usual = {"daily_volatility": 0.02, "daily_volume": 1e6, "daily_money": 5e7}
        >>> Costs(permanent_impact=1).impact_cost("VTI", 10_000, price=50.0, **usual)
        50.0
        """
        from trimtab.costs.impact import expected_cost, square_root_impact

        own = self.by_instrument.get(instrument, self)
        root = square_root_impact(
            units * price,
            daily_volatility=daily_volatility,
            daily_money=daily_money,
            scale=float(own.impact),
        )
        linear = self.linear_impact(
            instrument, price=price, daily_volatility=daily_volatility, daily_volume=daily_volume
        )
        return root + expected_cost(replace(linear, spread=0.0), [units])

    def order_costs(self, instrument: str, step: Decimal) -> OrderCosts:
        """The costs of one instrument with that step, as integers."""
        own = self.by_instrument.get(instrument, self)
        bps = max([own.bps, *own.tiers.values()])
        per_share = max([own.per_share, *own.share_tiers.values()])
        return _in_integers(bps + own.half_spread_bps, per_share, step, own.commission, own.minimum)


@lru_cache(maxsize=1024)
def _in_integers(
    bps: Decimal, per_share: Decimal, step: Decimal, commission: Decimal, minimum: Decimal
) -> OrderCosts:
    # The same few for every order: worked out once.
    per_step = Fraction(per_share) * Fraction(step) * 100 * RATE_SCALE
    return OrderCosts(
        rate=round(Fraction(bps) * RATE_SCALE / 10_000),
        per_step=half_even(per_step.numerator, per_step.denominator),
        fixed=minor_from(commission),
        minimum=minor_from(minimum),
    )


def _schedule(name: str, steps: Mapping[Rate, Rate]) -> dict[Decimal, Decimal]:
    """Steps of a schedule, ascending by what they count from."""
    found = {
        _checked(name, begin, most=10**15): _checked(name, fee, most=10_000)
        for begin, fee in steps.items()
    }
    if len(found) < len(steps) or Decimal(0) in found:
        raise OptionError(
            f"costs: {name} begin above zero, each once; before that is the plain fee"
        )
    return dict(sorted(found.items()))


def _checked(name: str, value: Rate, *, most: int) -> Decimal:
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        raise OptionError(f"costs: {name} is {value!r}, which is no number") from None
    if not number.is_finite() or not 0 <= number <= most:
        raise OptionError(f"costs: {name} is {value}; it must be from 0 to {most}")
    return number
