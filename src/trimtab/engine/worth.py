"""What a household is worth and holds on a day, before any decision: for targets that ask it."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.value import Valuation, valuation
from trimtab.model.market import Market
from trimtab.model.numbers import Price
from trimtab.model.state import State
from trimtab.targets.moving.held import NOTHING_HELD, Held

if TYPE_CHECKING:
    from trimtab.targets.moving.moving import MovingTarget


class Leaf(Protocol):
    """A part of a target that holds instruments."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def hold(self) -> tuple[str, ...]:
        """What may fill it."""
        ...


def asked_of_book(
    rule: MovingTarget, state: State, mandate: Mandate, market: Market, request: Request
) -> tuple[Fraction, Held]:
    """What a target that moves asks of a book: its worth in money and what it holds, or nothing.

    Args:
        rule: The target.
        state, mandate, market, request: As of `household_worth`.
    """
    worth, held = Fraction(0), NOTHING_HELD
    if rule.needs_worth:
        worth = Fraction(household_worth(state, mandate, market, request), 100)
    if rule.needs_held:
        held = household_held(state, mandate, market, request, rule.tree.leaves())
    return worth, held


def household_worth(state: State, mandate: Mandate, market: Market, request: Request) -> int:
    """The worth of the accounts that share the household's target, less the buffer; minor units.

    Cash that is to come in counts, cash that is to go out does not.

    Args:
        state: The book.
        mandate: Its household; no target is needed.
        market: Prices; what has none to believe counts at its last, as in a plan.
        request: What comes and goes.
    """
    value = valuation(state, mandate, market, request)
    return _worth(value, mandate, request)


def household_held(
    state: State, mandate: Mandate, market: Market, request: Request, leaves: Iterable[Leaf]
) -> Held:
    """What the accounts that share the household's target hold, by leaf, as shares of their worth.

    Args:
        state, mandate, market, request: As of `household_worth`.
        leaves: Of the target; an instrument counts in the leaf whose hold list has it.
    """
    value = valuation(state, mandate, market, request)
    base = _worth(value, mandate, request)
    if base <= 0:
        return NOTHING_HELD
    leaves = tuple(leaves)
    leaf_of = {id_: leaf.name for leaf in leaves for id_ in leaf.hold}
    accounts, held, apart = _sharing(mandate), dict[str, int](), 0
    for (account, instrument), minor in value.values.items():
        if account in accounts and (name := leaf_of.get(instrument)) is not None:
            held[name] = held.get(name, 0) + minor
        elif account in accounts:
            apart += minor
    return Held(
        {name: Fraction(minor, base) for name, minor in held.items()},
        Fraction(apart, base),
        {leaf.name: float(price) for leaf in leaves if (price := _price_of(leaf, value, market))},
    )


def _price_of(leaf: Leaf, value: Valuation, market: Market) -> Price | None:
    """What a unit of a leaf's first instrument costs, held or not; None where it has no price."""
    first = leaf.hold[0]
    quote = market.quotes.get(first)
    return value.prices.get(first) or (None if quote is None else quote.price)


def _worth(value: Valuation, mandate: Mandate, request: Request) -> int:
    accounts = _sharing(mandate)
    held = sum(minor for (account, _), minor in value.values.items() if account in accounts)
    cash = sum(value.cash[account] for account in accounts)
    out = sum(request.withdrawals.get(account, 0) for account in accounts)
    return held + cash - mandate.cash_buffer - out


def _sharing(mandate: Mandate) -> set[str]:
    """The accounts that share the household's target."""
    return {name for name, account in mandate.household.accounts.items() if account.target is None}
