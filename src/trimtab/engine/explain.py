"""Last stage: for every trade the reason, and every sleeve before and after, in figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from trimtab.engine.aim import Aim
from trimtab.engine.finish import cash_change, cost_of
from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.problem import Holding, Problem
from trimtab.engine.relieve import lots_sold
from trimtab.engine.value import Valuation
from trimtab.model.accounts import Account
from trimtab.model.numbers import money_text
from trimtab.model.plan import LotSale, SleeveRow, Trade
from trimtab.triggers.deviation import (
    band_width,
    is_breached,
    points,
)


def trades(
    aim: Aim,
    problem: Problem,
    steps: Sequence[int],
    *,
    mandate: Mandate,
    value: Valuation,
    request: Request,
) -> list[Trade]:
    """The whole trades with their lots, cost, tax and reason; sells before buys."""
    lacking = _lacking(aim, problem, steps, request)
    made = []
    for index, change in enumerate(steps):
        if change:
            made.append(
                _trade(
                    aim, problem, steps, index, lacking.get(index, ""),
                    mandate=mandate, value=value, request=request,
                )
            )  # fmt: skip
    return sorted(made, key=lambda t: (t.side == "buy", aim.accounts.index(t.account), -t.value))


def values_after(
    aim: Aim, problem: Problem, steps: Sequence[int], value: Valuation
) -> tuple[dict[str, int], dict[str, int]]:
    """What leaves and purses are worth after the trades, at the prices of the plan.

    Returns:
        Minor units by leaf (without the leaf that is cash), and cash by account with withdrawals
        already out.
    """
    leaves = dict(aim.values)
    purses = list(problem.purses)
    for holding, change in zip(problem.holdings, steps, strict=True):
        if not change:
            continue
        held = value.steps.get((holding.account_id, holding.instrument), 0)
        before, after = holding.price.value(held), holding.price.value(held + change)
        leaves[problem.leaves[holding.leaf]] += after - before
        purses[holding.account] += cash_change(holding, change)
    return leaves, dict(zip(problem.accounts, purses, strict=True))


def sleeve_rows(
    aim: Aim, mandate: Mandate, after: Mapping[str, int], base_after: int
) -> list[SleeveRow]:
    """Every sleeve of the tree before cash comes in or goes out, and after the trades."""
    rows = []
    for sleeve in aim.root.walk():
        if sleeve is aim.root:
            continue
        is_cash = any(leaf.name == aim.cash_leaf for leaf in sleeve.leaves())
        before = aim.value(sleeve) - (aim.flow if is_cash else 0)
        later = sum(after[leaf.name] for leaf in sleeve.leaves())
        now = aim.now(sleeve)
        width = band_width(sleeve.weight, mandate.when)
        rows.append(
            SleeveRow(
                target=aim.name,
                sleeve=sleeve.name,
                is_leaf=sleeve.is_leaf,
                weight=sleeve.weight,
                value_before=before,
                value_after=later,
                now=now,
                after=Fraction(later, base_after) if base_after > 0 else Fraction(0),
                band=width,
                breached=is_breached(now, sleeve.weight, width),
            )
        )
    return rows


def _trade(
    aim: Aim,
    problem: Problem,
    steps: Sequence[int],
    index: int,
    lacking: str,
    *,
    mandate: Mandate,
    value: Valuation,
    request: Request,
) -> Trade:
    holding, change = problem.holdings[index], steps[index]
    count = abs(change)
    instrument = mandate.household.instruments[holding.instrument]
    worth = holding.price.value(count)
    lots = lots_sold(holding, count) if change < 0 else ()
    account = mandate.household.accounts[holding.account_id]
    if change > 0:
        reason, why = _why_bought(aim, problem, steps, holding, request)
    else:
        reason, why = _why_sold(aim, problem, steps, holding, lacking)
        why = f"{why}; {_tax_note(lots, account)}"
    in_money = instrument.order_in == "money" and change > 0
    return Trade(
        account=holding.account_id,
        instrument=holding.instrument,
        side="buy" if change > 0 else "sell",
        quantity=count,
        step=instrument.step,
        amount=worth if in_money else None,
        price=value.prices[holding.instrument],
        value=worth,
        cost=cost_of(holding, change),
        tax=sum(lot.tax for lot in lots),
        lots=lots,
        sleeve=problem.leaves[holding.leaf],
        reason=reason,
        why=why,
    )


def _lacking(aim: Aim, problem: Problem, steps: Sequence[int], request: Request) -> dict[int, str]:
    """The sales that raise cash which is not there, by holding, with how much is missing for what.

    What an account has pays its withdrawal first, and only so many of its sales raise the rest as
    bring it in: those of what is not over its target before others. Then so do those that fill the
    buffer, which all accounts hold together.
    """
    proceeds = {
        index: cash_change(problem.holdings[index], change)
        for index, change in enumerate(steps)
        if change < 0
    }

    def is_over(index: int) -> bool:
        return _away(aim, problem.leaves[problem.holdings[index].leaf]) > 0

    in_turn = sorted(proceeds, key=lambda index: (is_over(index), -proceeds[index]))
    found: dict[int, str] = {}
    for number, (account, purse) in enumerate(zip(problem.accounts, problem.purses, strict=True)):
        asked = request.withdrawals.get(account, 0)
        what = f"short of the withdrawal of {money_text(asked)}" if asked else "below zero"
        missing = -purse
        for index in in_turn:
            own = problem.holdings[index].account == number
            if missing > 0 and own and (asked or not is_over(index)):
                found[index] = f"cash in {account} is {money_text(-purse)} {what}"
                missing -= proceeds[index]
                if missing < 0 and is_over(index):
                    leaf = problem.leaves[problem.holdings[index].leaf]
                    found[index] += f"; the rest, since {_over(aim, leaf)}"
    owed = sum(max(-purse, 0) for purse in problem.purses)
    missing = short = -(aim.cash + owed)
    pairs = zip(problem.holdings, steps, strict=True)
    buying = {holding.account for holding, change in pairs if change > 0}
    for index in in_turn:
        holding = problem.holdings[index]
        # Where an account buys, what is over its target is sold for that.
        asked = request.withdrawals.get(holding.account_id, 0) or holding.account not in buying
        if missing > 0 and index not in found and (asked or not is_over(index)):
            found[index] = (
                f"cash is {money_text(short)} short of the buffer of {money_text(aim.buffer)}"
                f"{_after_flows(aim)}"
            )
            missing -= proceeds[index]
            leaf = problem.leaves[holding.leaf]
            # Rounded up to a whole step it brings a little more than is missing.
            if is_over(index) and -missing >= holding.price.value(1):
                found[index] += f"; the rest, since {_over(aim, leaf)}"
    return found


def _away(aim: Aim, leaf: str) -> Fraction:
    """How far a leaf is over its target (below zero: under) once cash came in or went out."""
    weight = next(sleeve.weight for sleeve in aim.root.leaves() if sleeve.name == leaf)
    return Fraction(aim.values[leaf], aim.base) - weight


def _over(aim: Aim, leaf: str) -> str:
    return f"{leaf} is {points(_away(aim, leaf))} over its target{_after_flows(aim)}"


def _after_flows(aim: Aim) -> str:
    return " after flows" if aim.flow else ""


def _why_bought(
    aim: Aim, problem: Problem, steps: Sequence[int], holding: Holding, request: Request
) -> tuple[str, str]:
    leaf = problem.leaves[holding.leaf]
    away = _away(aim, leaf)
    place = f"{leaf} is {points(-away)} under its target{_after_flows(aim)}"
    if away >= 0:
        place = f"{leaf} is not under its target{_after_flows(aim)}: "
        elsewhere = _elsewhere(problem, steps, holding, -1)
        if elsewhere:
            place += f"bought here so that {elsewhere} can sell it"
        else:
            place += "whole trades that take up the cash end nearest so"
    deposit = request.deposits.get(holding.account_id, 0)
    if deposit:
        return "new-cash", f"{place}; from the deposit of {money_text(deposit)}"
    return "underweight", place


def _why_sold(
    aim: Aim, problem: Problem, steps: Sequence[int], holding: Holding, lacking: str
) -> tuple[str, str]:
    if lacking:
        return "raise-cash", lacking
    leaf, account = problem.leaves[holding.leaf], holding.account_id
    away = _away(aim, leaf)
    if away > 0:
        return "overweight", _over(aim, leaf)
    bought = {
        other.instrument: -cash_change(other, change)
        for other, change in zip(problem.holdings, steps, strict=True)
        if change > 0 and other.account == holding.account
    }
    elsewhere = _elsewhere(problem, steps, holding, +1)
    is_paid = sum(bought.values()) <= max(problem.purses[holding.account], 0)
    cash = _away(aim, aim.cash_leaf) if aim.cash_leaf else Fraction(0)
    if is_paid and cash < 0:
        return "raise-cash", f"cash is {points(-cash)} under its target{_after_flows(aim)}"
    if bought:
        why = f"makes room in {account} for {', '.join(bought)}"
        return "make-room", f"{why}; {leaf} is bought in {elsewhere}" if elsewhere else why
    why = f"{leaf} is not over its target{_after_flows(aim)}: "
    if elsewhere:
        return "make-room", f"{why}sold here so that {elsewhere} can buy it"
    return "make-room", f"{why}whole trades end nearest to it so"


def _elsewhere(problem: Problem, steps: Sequence[int], holding: Holding, side: int) -> str:
    """The other accounts that buy (1) or sell (-1) what is in the same leaf, in words."""
    accounts = dict.fromkeys(
        other.account_id
        for other, change in zip(problem.holdings, steps, strict=True)
        if other.leaf == holding.leaf and other.account != holding.account and change * side > 0
    )
    return " and ".join(accounts)


def _tax_note(lots: tuple[LotSale, ...], account: Account) -> str:
    if not account.tax.taxes_gains:
        return f"no tax inside {account.id} ({account.tax.value})"
    tax = sum(lot.tax for lot in lots)
    gains = sum(lot.gain for lot in lots if lot.gain is not None and lot.gain > 0)
    losses = -sum(lot.gain for lot in lots if lot.gain is not None and lot.gain < 0)
    if tax == 0 and gains == 0:
        return f"at a loss of {money_text(losses)}, no tax" if losses else "no gain, no tax"
    terms = sorted({lot.term for lot in lots if lot.gain is None or lot.gain > 0})
    lost = f", losses {money_text(losses)} that earn no credit" if losses else ""
    return f"gains {money_text(gains)} ({', '.join(terms)}-term){lost}, tax {money_text(tax)}"
