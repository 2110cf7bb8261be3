"""Sixth stage, its end: trades that bring nothing are dropped, and cash left over is put to use.

The solver counts what a fee takes out of spare cash as drift taken away, which at a price of drift
of 1 is worth as much as the fee: a tie, in which it may pay for nothing. And whole steps of what it
trades may leave cash that would buy something else. Here cash deviates by no less for what costs
take out of it. Every change makes less of drift, cost and tax in that measure, so this ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from trimtab.engine.finish import cash_change, cost_of
from trimtab.engine.problem import Problem
from trimtab.engine.relieve import lots_sold

FEW = 12
"""Of so many trades every set of up to four is looked at, of more every pair, and all together."""

ROUND = 4
"""Two instruments that change places between two accounts are four trades."""


def tidied(
    problem: Problem, steps: tuple[int, ...], *, price: float, adds: bool
) -> tuple[int, ...]:
    """The trades without those that bring nothing, and with what left over cash still buys.

    A set of trades brings nothing where without it no sleeve is further from its goal, nor is the
    cash but for what the trades cost, no account is emptier than it may be, and less is paid. What
    one account sells and another buys of one instrument counts as such a set too.

    Args:
        problem: With the goals that were gone for.
        steps: Change of each holding in steps, positive for purchases.
        price: Money that a unit of drift left is worth.
        adds: Whether cash left over buys, or spares from sale, what is under its goal: step by
            step, always what makes most of it.
    """
    book = _Book(problem, steps, price)
    while True:
        found = book.for_nothing() or (book.worth_buying() if adds else None)
        if found is None:
            return tuple(book.steps)
        book.change(found)


class _Book:
    """Whole trades, where they lead, and what other numbers of them would change."""

    def __init__(self, problem: Problem, steps: tuple[int, ...], price: float) -> None:
        self.problem, self.price = problem, price
        self.steps = [0] * len(steps)
        self.values = list(problem.values)
        self.purses = list(problem.purses)
        self.cash, self.cost = problem.cash, 0
        self.change({i: count for i, count in enumerate(steps) if count})
        # What the trades leave an account short of is no reason to leave it shorter.
        self.floors = [min(purse, 0) for purse in self.purses]
        self.floor = min(self.cash, 0)
        holdings = problem.holdings
        self.order = sorted(
            range(len(holdings)), key=lambda i: (holdings[i].instrument, holdings[i].account_id)
        )

    def change(self, counts: Mapping[int, int]) -> None:
        """Trade so many steps of some holdings instead."""
        leaves, purses, cost, _ = self._less(counts)
        for leaf, money in leaves.items():
            self.values[leaf] += money
        for account, money in purses.items():
            self.purses[account] += money
        self.cash += sum(purses.values())
        self.cost += cost
        for i, count in counts.items():
            self.steps[i] = count

    def for_nothing(self) -> dict[int, int] | None:
        """The change that drops trades which bring nothing and saves most; None for no such."""
        best, most = None, 0
        for counts in self._drops():
            leaves, _, cost, tax = self._less(counts)
            if cost + tax >= -most or not self._is_affordable(counts):
                continue
            problem = self.problem
            nearer = all(
                abs(self.values[leaf] + money - problem.goals[leaf])
                <= abs(self.values[leaf] - problem.goals[leaf])
                for leaf, money in leaves.items()
            )
            if nearer and self._cash_off(counts) <= self._cash_off({}):
                best, most = counts, -cost - tax
        return best

    def worth_buying(self) -> dict[int, int] | None:
        """The change that buys more, or sells less, and is worth most; None for no such."""
        best, most = None, 0.0
        for i in self.order:
            holding, now = self.problem.holdings[i], self.steps[i]
            short = self.problem.goals[holding.leaf] - self.values[holding.leaf]
            free = min(self.purses[holding.account], self.cash)
            if short <= 0 or (free <= 0 and now >= 0):
                continue
            useful = holding.price.steps_below(min(short, max(free, 0)))
            for more in (useful + 1, useful, useful - 1, holding.least - now, -now):
                count = now + more
                if more <= 0 or not self._is_allowed(i, count):
                    continue
                counts = {i: count}
                if self._is_affordable(counts) and self._gain(counts) > most:
                    best, most = counts, self._gain(counts)
        return best

    def _drops(self) -> Iterator[dict[int, int]]:
        """Numbers of trades with fewer of them, in an order that no row of the user's decides."""
        traded = [i for i in self.order if self.steps[i]]
        for size in range(1, (ROUND if len(traded) <= FEW else 2) + 1):
            for chosen in combinations(traded, size):
                yield dict.fromkeys(chosen, 0)
        yield dict.fromkeys(traded, 0)
        for i, j in combinations(traded, 2):
            one, two = self.problem.holdings[i], self.problem.holdings[j]
            if one.instrument == two.instrument and (self.steps[i] > 0) != (self.steps[j] > 0):
                part = min(abs(self.steps[i]), abs(self.steps[j]))
                counts = {k: self.steps[k] + (-part if self.steps[k] > 0 else part) for k in (i, j)}
                if all(self._is_allowed(k, count) for k, count in counts.items()):
                    yield counts

    def _is_allowed(self, i: int, count: int) -> bool:
        """Whether a number of steps is one that may be traded: nothing, or enough of it."""
        holding = self.problem.holdings[i]
        if count > 0 and not (holding.buyable and holding.price.value(count) > 0):
            return False
        return count == 0 or abs(count) >= holding.least

    def _less(self, counts: Mapping[int, int]) -> tuple[dict[int, int], dict[int, int], int, int]:
        """What other numbers of steps add to leaves, purses, cost and tax."""
        leaves: dict[int, int] = {}
        purses: dict[int, int] = {}
        cost = tax = 0
        for i, count in counts.items():
            holding, now = self.problem.holdings[i], self.steps[i]
            for steps, sign in ((count, 1), (now, -1)):
                if not steps:
                    continue
                worth = holding.price.value(abs(steps)) * (sign if steps > 0 else -sign)
                leaves[holding.leaf] = leaves.get(holding.leaf, 0) + worth
                money = sign * cash_change(holding, steps)
                purses[holding.account] = purses.get(holding.account, 0) + money
                cost += sign * cost_of(holding, steps)
                if steps < 0:
                    tax += sign * sum(lot.tax for lot in lots_sold(holding, -steps))
        return leaves, purses, cost, tax

    def _is_affordable(self, counts: Mapping[int, int]) -> bool:
        """Whether no account, nor all of them, would be emptier than they may be."""
        _, purses, _, _ = self._less(counts)
        return self.cash + sum(purses.values()) >= self.floor and all(
            self.purses[account] + money >= self.floors[account]
            for account, money in purses.items()
        )

    def _cash_off(self, counts: Mapping[int, int]) -> int:
        """How far cash ends from its goal; what costs take out of it makes that no less."""
        _, purses, cost, _ = self._less(counts)
        ends = self.cash + sum(purses.values()) - self.problem.cash_goal
        return max(abs(ends), abs(ends + self.cost + cost))

    def _gain(self, counts: Mapping[int, int]) -> float:
        """What other numbers of steps are worth: drift taken away, less what they cost."""
        leaves, _, cost, tax = self._less(counts)
        nearer = self._cash_off({}) - self._cash_off(counts)
        for leaf, money in leaves.items():
            away = self.values[leaf] - self.problem.goals[leaf]
            nearer += abs(away) - abs(away + money)
        return self.price * nearer - cost - tax
