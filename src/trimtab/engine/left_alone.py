"""Last stage: for every trade not made the constraint that bound it, in figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from trimtab.engine.aim import Aim
from trimtab.engine.due import Due
from trimtab.engine.explain import values_after
from trimtab.engine.finish import cash_change, cost_of
from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.possible import could_buy, could_sell
from trimtab.engine.problem import Holding, Problem
from trimtab.engine.trade import Changes
from trimtab.engine.value import Valuation
from trimtab.model.numbers import money_text, quantity_text
from trimtab.model.plan import LeftAlone
from trimtab.model.sleeves import Sleeve
from trimtab.taxes.relief import relieved
from trimtab.triggers.deviation import (
    band_width,
    digits_written,
    is_breached,
    percent,
    points,
)

WORTH_SAYING = Fraction(1, 1000)
"""A leaf nearer to its target than this share of the base is not mentioned."""

STILL_WORTH_SAYING = Fraction(1, 100)
"""The same for a leaf that was traded and did not get there."""


def left_alone(
    aim: Aim,
    problem: Problem,
    steps: Sequence[int],
    changes: Changes,
    due: Due,
    *,
    mandate: Mandate,
    value: Valuation,
    request: Request,
    further: bool,
    gap: int = 0,
) -> list[LeftAlone]:
    """The trades that were not made, each with the constraint that bound it.

    Where the plan ends further from its target, cash of a deposit that stays is named however
    little it is: that is why. `gap` is how far the trades may be from the best, in minor units.
    """
    after, purses = values_after(aim, problem, steps, value)
    base = aim.base - sum(map(cost_of, problem.holdings, steps))
    worth_saying = Fraction(0) if further else WORTH_SAYING
    notes = _idle_cash(
        aim, problem, after, purses, base,
        mandate=mandate, request=request, worth_saying=worth_saying,
    )  # fmt: skip
    notes += _tax_spared(problem, steps, mandate)
    for i, leaf_name in enumerate(problem.leaves):
        leaf = next(leaf for leaf in aim.root.leaves() if leaf.name == leaf_name)
        away = Fraction(after[leaf_name], base) - leaf.weight if base > 0 else Fraction(0)
        moved = any(
            change for h, change in zip(problem.holdings, steps, strict=True) if h.leaf == i
        )
        if abs(away) < (STILL_WORTH_SAYING if moved else WORTH_SAYING):
            continue
        reason, why = _why_not(
            problem, i, leaf, changes, due, steps=steps,
            base=aim.base, ends=after, free=_free_cash(aim, problem, purses), away=away,
            gap=gap, mandate=mandate, value=value, request=request,
        )  # fmt: skip
        side = "over" if away > 0 else "under"
        still = "still " if moved else ""
        place = f"{still}{points(abs(away))} {side} its target of {percent(leaf.weight)}"
        notes.append(LeftAlone("", leaf_name, reason, f"{place}: {why}"))
    return notes


def _idle_cash(
    aim: Aim,
    problem: Problem,
    after: Mapping[str, int],
    purses: Mapping[str, int],
    base: int,
    *,
    mandate: Mandate,
    request: Request,
    worth_saying: Fraction,
) -> list[LeftAlone]:
    """What stays as cash of a deposit although the target wants less cash, and why."""
    if base <= 0:
        return []
    weights = {leaf.name: leaf.weight for leaf in aim.root.leaves()}
    over = sum(purses.values()) - aim.buffer - round(weights.get(aim.cash_leaf, 0) * base)
    missing = {name: weights[name] * base - after[name] for name in problem.leaves}
    notes = []
    for index, account in enumerate(problem.accounts):
        deposit = request.deposits.get(account, 0)
        # What was bought there was bought with the deposit first, as the trades say.
        spent = max(problem.purses[index] - purses[account], 0)
        idle = min(deposit - spent, purses[account], over)
        if idle <= 0 or Fraction(idle, base) < worth_saying:
            continue
        buyable = [h for h in problem.holdings if h.account == index and h.buyable]
        own = list(dict.fromkeys(problem.leaves[h.leaf] for h in buyable))
        elsewhere = [
            name
            for name in problem.leaves
            if name not in own and missing[name] / base >= WORTH_SAYING
        ]
        why = _why_idle(
            account, buyable, idle, missing,
            base=base, problem=problem, mandate=mandate,
        )  # fmt: skip
        if elsewhere:
            lacking = " and ".join(elsewhere)
            is_missing = "is what is missing" if len(elsewhere) == 1 else "are what is missing"
            why += f"; {lacking} {is_missing}, which {account} cannot buy"
        text = f"{money_text(idle)} of the deposit of {money_text(deposit)} stays as cash: {why}"
        notes.append(LeftAlone(account, "cash", "idle-cash", text))
    return notes


def _why_idle(
    account: str,
    buyable: Sequence[Holding],
    idle: int,
    missing: Mapping[str, Fraction],
    *,
    base: int,
    problem: Problem,
    mandate: Mandate,
) -> str:
    """Why cash of a deposit buys nothing of what this account may buy."""
    if not buyable:
        return f"nothing of the target can be bought in {account} today"
    lacking = [
        (holding, missing[problem.leaves[holding.leaf]])
        for holding in buyable
        if missing[problem.leaves[holding.leaf]] / base >= WORTH_SAYING
    ]
    if not lacking:
        symbols = ", ".join(holding.instrument for holding in buyable)
        return (
            f"what {account} can buy ({symbols}) is at its target or above already, with what "
            "the other accounts hold"
        )
    if all(holding.price.value(1) > idle for holding, _ in lacking):
        return "it is less than one step of what is missing"
    if mandate.fewest_trades:
        return "fewest_trades asks for no more than every sleeve inside half its band"
    if all(
        holding.least > 1 and holding.price.value(holding.least) > min(Fraction(idle), lack)
        for holding, lack in lacking
    ):
        return f"a purchase would be below the minimum of {_minimum(mandate)}"
    if mandate.drift_price is not None:
        return "no whole trade with it is worth its cost (drift_price)"
    return "no whole trade with it comes nearer to the target"


def _tax_spared(problem: Problem, steps: Sequence[int], mandate: Mandate) -> list[LeftAlone]:
    """Taxed holdings of a sleeve that was sold where it costs less."""
    notes = []
    sold_in: dict[int, list[str]] = {}
    for holding, change in zip(problem.holdings, steps, strict=True):
        if change < 0:
            sold_in.setdefault(holding.leaf, []).append(holding.account_id)
    for holding, change in zip(problem.holdings, steps, strict=True):
        account = mandate.household.accounts[holding.account_id]
        others = [id_ for id_ in sold_in.get(holding.leaf, []) if id_ != holding.account_id]
        if change or not others or not account.tax.taxes_gains or not holding.sellable:
            continue
        lots = relieved(holding.lots, holding.sellable, holding.price)
        tax = sum(lot.tax for lot in lots)
        if tax:
            gain = sum(lot.gain or 0 for lot in lots)
            has_loss = any((lot.gain or 0) < 0 for lot in lots)
            losses = ": losses in it reduce no tax yet" if has_loss else ""
            why = (
                f"selling it all would realise {money_text(gain)} ({money_text(tax)} tax{losses}); "
                f"{', '.join(sorted(set(others)))} had room"
            )
            notes.append(LeftAlone(holding.account_id, holding.instrument, "tax", why))
    return notes


def _why_not(
    problem: Problem,
    index: int,
    leaf: Sleeve,
    changes: Changes,
    due: Due,
    *,
    steps: Sequence[int],
    base: int,
    ends: Mapping[str, int],
    free: Mapping[str, int],
    away: Fraction,
    gap: int,
    mandate: Mandate,
    value: Valuation,
    request: Request,
) -> tuple[str, str]:
    """The constraint that kept a leaf where it is, or the policy that asked for no more."""
    after = ends[leaf.name]
    frozen = [id_ for id_ in leaf.hold if id_ in value.frozen]
    if frozen:
        return "frozen", f"{', '.join(frozen)} has no price that can be believed"
    holdings = [(i, h) for i, h in enumerate(problem.holdings) if h.leaf == index]
    partial = due.scope == "full" and mandate.to.kind != "target" and not request.no_sells
    wrong_way = "sell" if away > 0 else "buy"
    small = any(problem.holdings[i].leaf == index and s == wrong_way for i, s in changes.too_small)
    if partial and not small:
        stop = _policy_stop(problem, index, leaf, base=base, after=after, mandate=mandate)
        if stop:
            return "policy", stop
    width = band_width(leaf.weight, mandate.when)
    if partial and not is_breached(leaf.weight + away, leaf.weight, width):
        if width is not None:
            return "inside", f"inside its band of {_band_text(width, mandate)}"
        if abs(problem.goals[index] - problem.values[index]) <= 1:
            return "inside", "not asked to move"
    found = _if_small(
        problem, index, ends, free, gap, away=away, due=due, mandate=mandate, request=request
    )
    if small and found is not None:
        return found
    if away > 0:
        if request.no_sells:
            return "no-sells", "no sales were asked for"
        if not any(h.sellable for _, h in holdings):
            return "restricted", "nothing of it may be sold (do_not_sell or keep)"
        kept = _kept(problem, index, steps, mandate)
        if kept:
            return "restricted", f"no more of it may be sold: keep holds {kept}"
        if due.scope == "cash":
            return "inside", "only the cash is to move today"
        if mandate.drift_price is not None and _has_room(problem, index, ends, free, base):
            return "not-worth", "tax and cost are more than moving it is worth (drift_price)"
        return "no-room", "nothing else can be bought with the proceeds in the same account"
    if not any(h.buyable for _, h in holdings):
        return "restricted", "no account may buy any of " + ", ".join(leaf.hold)
    if due.scope == "cash" and problem.goals[index] <= problem.values[index]:
        return "inside", "new cash goes first to what is further under its target"
    if mandate.drift_price is not None and _has_means(problem, index, ends, free, base):
        return "not-worth", "tax and cost are more than moving it is worth (drift_price)"
    return "no-cash", "no cash for it in an account that may buy it, or less than one step"


def _if_small(
    problem: Problem,
    index: int,
    ends: Mapping[str, int],
    free: Mapping[str, int],
    gap: int,
    *,
    away: Fraction,
    due: Due,
    mandate: Mandate,
    request: Request,
) -> tuple[str, str] | None:
    """Why a leaf stays of which a trade was too small on the way; None where others bind.

    The minimum does where nothing that the account can pay for, or has a use for, reaches it.
    """
    if away > 0:
        possible = could_sell(problem, index, ends, free)
    else:
        may_sell = not request.no_sells and due.scope != "cash"
        possible = could_buy(problem, index, ends, free, may_sell=may_sell)
    if possible == "below":
        return "minimum", f"the trade would be below the minimum of {_minimum(mandate)}"
    if possible == "nothing" or (away > 0 and (request.no_sells or due.scope == "cash")):
        return None
    if gap:
        return "search", (
            "the search for whole trades ended at its limit, and one of them may come nearer "
            f"(at most {money_text(gap)} from the best)"
        )
    return "no-nearer", "no whole trade of it was found that is worth its cost and comes nearer"


def _kept(problem: Problem, leaf: int, steps: Sequence[int], mandate: Mandate) -> str:
    """What `keep` holds back of a leaf that was sold as far as it may be; or ''."""
    held = []
    for holding, change in zip(problem.holdings, steps, strict=True):
        if holding.leaf != leaf or not (holding.lots or holding.sellable):
            continue
        if -change < holding.sellable:
            return ""
        account = mandate.household.accounts[holding.account_id]
        count = account.keep.get(holding.instrument, 0)
        if count:
            step = mandate.household.instruments[holding.instrument].step
            where = f"{quantity_text(count, step)} {holding.instrument} in {account.id}"
            held.append(where)
    return ", ".join(held)


def _free_cash(aim: Aim, problem: Problem, purses: Mapping[str, int]) -> dict[str, int]:
    """What each account has left to buy with: no more than all have beyond buffer and goal."""
    over = sum(purses.values()) - aim.buffer - problem.cash_goal
    return {account: min(purse, over) for account, purse in purses.items()}


def _has_means(
    problem: Problem, leaf: int, ends: Mapping[str, int], free: Mapping[str, int], base: int
) -> bool:
    """Whether an account that may buy a leaf has the cash, or something over its goal to sell."""
    return any(
        free[holding.account_id] + cash_change(holding, holding.least) >= 0
        or any(
            other.sellable and _beyond(problem, other, ends) / base >= WORTH_SAYING
            for other in problem.holdings
            if other.account == holding.account and other.leaf != leaf
        )
        for holding in problem.holdings
        if holding.leaf == leaf and holding.buyable
    )


def _has_room(
    problem: Problem, leaf: int, ends: Mapping[str, int], free: Mapping[str, int], base: int
) -> bool:
    """Whether an account that may sell a leaf lacks cash, or may buy something under its goal."""
    return any(
        Fraction(-free[holding.account_id], base) >= WORTH_SAYING
        or any(
            other.buyable and _beyond(problem, other, ends) / base <= -WORTH_SAYING
            for other in problem.holdings
            if other.account == holding.account and other.leaf != leaf
        )
        for holding in problem.holdings
        if holding.leaf == leaf and holding.sellable
    )


def _beyond(problem: Problem, holding: Holding, ends: Mapping[str, int]) -> Fraction:
    """How far the leaf of a holding ends over its goal (below zero: under it), in minor units."""
    return Fraction(ends[problem.leaves[holding.leaf]] - problem.goals[holding.leaf])


def _policy_stop(
    problem: Problem, index: int, leaf: Sleeve, *, base: int, after: int, mandate: Mandate
) -> str:
    """Where the policy itself stops short of the target, for a leaf that stands there; or ''.

    Whole steps end beside that place; within one step of it the leaf has arrived.
    """
    goal = problem.goals[index]
    wanted = leaf.weight * base
    step = max((h.price.value(1) for h in problem.holdings if h.leaf == index), default=0)
    short = abs(goal - wanted)
    if abs(after - goal) > max(step, 1) or short <= 1:
        return ""
    width = band_width(leaf.weight, mandate.when)
    named, kind = mandate.to.width, mandate.to.kind
    band = "" if width is None else _band_text(width, mandate)
    if named is not None:
        place, distance = f"{points(named, digits_written(named))} from its target", named
    elif width is None:
        return ""
    elif kind == "half":
        place, distance = f"at half its band of {band}", width / 2
    else:
        place, distance = f"at the edge of its band of {band}", width
    if abs(short - distance * base) > 1:
        return ""
    beside = "" if abs(after - goal) <= 1 else ", as near as whole steps come"
    return f"{place}, where the policy stops{beside}"


def _band_text(width: Fraction, mandate: Mandate) -> str:
    named = width == mandate.when.band_absolute
    return points(width, digits_written(width) if named else 0)


def _minimum(mandate: Mandate) -> str:
    parts = [money_text(mandate.min_trade)] if mandate.min_trade else []
    if mandate.min_trade_units:
        parts.append(f"{quantity_text(1, mandate.min_trade_units)} units")
    return " and ".join(parts)
