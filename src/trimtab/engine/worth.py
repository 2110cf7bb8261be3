"""What a target divides is worth and holds on a day, before any decision: for those that ask it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from trimtab.engine.mandate import HOUSEHOLD, Mandate, Request
from trimtab.engine.value import Valuation, valuation
from trimtab.model.market import Market
from trimtab.model.numbers import Price
from trimtab.model.state import State
from trimtab.targets.moving.held import NOTHING_HELD, Held

if TYPE_CHECKING:
    from trimtab.targets.moving.moving import MovingTarget


NOTHING = Fraction(0)


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


def stood(
    state: State,
    mandate: Mandate,
    market: Market,
    request: Request,
    rules: Mapping[str, MovingTarget],
) -> dict[str, tuple[Fraction, Held]]:
    """By owner of a target that asks: what it divides is worth, in money, and what that holds.

    Args:
        state: The book.
        mandate: Its household; no target is needed.
        market: Prices; what has none to believe counts at its last, as in a plan.
        request: What comes and goes.
        rules: By `household` or account, the targets that move.
    """
    asking = {owner: rule for owner, rule in rules.items() if rule.of_one_book}
    if not asking:
        return {}
    value = valuation(state, mandate, market, request)
    return {
        owner: (
            Fraction(worth_of(owner, value, mandate, request), 100)
            if rule.needs_worth
            else NOTHING,
            held_of(owner, value, mandate, market, request, rule.tree.leaves())
            if rule.needs_held
            else NOTHING_HELD,
        )
        for owner, rule in asking.items()
    }


def worth_of(owner: str, value: Valuation, mandate: Mandate, request: Request) -> int:
    """The worth of the accounts that a target divides, less the buffer; minor units.

    Cash that is to come in counts, cash that is to go out does not.

    Args:
        owner: `household`, or the account whose own target it is.
        value: What everything is worth.
        mandate, request: As of `stood`.
    """
    accounts = _sharing(mandate, owner)
    held = sum(minor for (account, _), minor in value.values.items() if account in accounts)
    cash = sum(value.cash[account] for account in accounts)
    out = sum(request.withdrawals.get(account, 0) for account in accounts)
    return held + cash - mandate.cash_buffer - out


def held_of(
    owner: str,
    value: Valuation,
    mandate: Mandate,
    market: Market,
    request: Request,
    leaves: Iterable[Leaf],
) -> Held:
    """What the accounts that a target divides hold, by leaf, as shares of their worth.

    Args:
        owner, value, mandate, request: As of `worth_of`.
        market: The prices of what is not held.
        leaves: Of the target; an instrument counts in the leaf whose hold list has it.
    """
    base = worth_of(owner, value, mandate, request)
    if base <= 0:
        return NOTHING_HELD
    leaves = tuple(leaves)
    leaf_of = {id_: leaf.name for leaf in leaves for id_ in leaf.hold}
    accounts, held, apart = _sharing(mandate, owner), dict[str, int](), 0
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


def _sharing(mandate: Mandate, owner: str) -> set[str]:
    """The accounts that a target divides: one that owns it, or all without one of their own."""
    if owner != HOUSEHOLD:
        return {owner}
    return {name for name, own in mandate.household.accounts.items() if own.shares_target}
