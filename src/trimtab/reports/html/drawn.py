"""What charts are drawn of: a policy in research mode as it is, a run in account mode as curves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from trimtab.model.policy import Policy, parse_to, parse_when
from trimtab.simulate.measures.returns import grown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.accounts.run import AccountRun
    from trimtab.simulate.frames import Days, Floats


class Named(Protocol):
    """What has a row of its own in a table."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...


class Logged(Protocol):
    """Rebalances, oldest first: at which session, what was turned over, what it cost."""

    @property
    def sessions(self) -> NDArray[np.int64]:
        """Places of the sessions."""
        ...

    @property
    def cost(self) -> Floats:
        """Costs, in money."""
        ...

    @property
    def turned(self) -> Floats:
        """One-way turnover, as a share of the portfolio."""
        ...

    @property
    def acted(self) -> NDArray[np.bool_]:
        """Whether it was a rebalance, and not money that came or went."""
        ...


class Drawn(Named, Protocol):
    """A policy over history with its curves; see `PolicyResult` for what each of them is."""

    @property
    def policy(self) -> Policy: ...  # noqa: D102
    @property
    def cash(self) -> float: ...  # noqa: D102
    @property
    def first(self) -> date: ...  # noqa: D102
    @property
    def last(self) -> date: ...  # noqa: D102
    @property
    def sessions(self) -> int: ...  # noqa: D102
    @property
    def symbols(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def dates(self) -> Days: ...  # noqa: D102
    @property
    def value(self) -> Floats: ...  # noqa: D102
    @property
    def growth(self) -> Floats: ...  # noqa: D102
    @property
    def flows(self) -> Floats | None: ...  # noqa: D102
    @property
    def shares(self) -> Floats: ...  # noqa: D102
    @property
    def targets(self) -> Floats: ...  # noqa: D102
    @property
    def log(self) -> Logged: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class AccountLog:
    """The plans that traded in a run in account mode."""

    sessions: NDArray[np.int64]
    cost: Floats
    turned: Floats
    acted: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AccountCurve:
    """A run in account mode as curves: all accounts together, by sleeve, after tax that was paid.

    Its symbols are the leaves of the target, and instruments in none. Targets are NaN where
    accounts have targets of their own.
    """

    name: str
    policy: Policy
    cash: float
    first: date
    last: date
    symbols: tuple[str, ...]
    dates: Days
    value: Floats
    shares: Floats
    targets: Floats
    log: AccountLog
    flows: Floats | None = None

    @property
    def sessions(self) -> int:
        """Number of sessions."""
        return len(self.dates)

    @property
    def growth(self) -> Floats:
        """What its first value would have become without flows; tax that was paid is off it."""
        return grown(self.value, self.flows)


def account_curve(run: AccountRun) -> AccountCurve:
    """A run in account mode, to be drawn."""
    import numpy as np

    places = tuple(place for place, closes in run.worth.items() if any(closes))
    places = tuple(sorted(places, key=lambda place: _order(run, place)))
    worth = np.array([run.worth[place] for place in places], dtype=np.float64).T
    total = worth.sum(axis=1, keepdims=True)
    aim = [run.aims.get(place, 0.0) if run.aims else np.nan for place in places]
    at = {day: place for place, day in enumerate(run.dates)}
    paid: dict[date, int] = {}
    for payment in run.payments:
        paid[payment.on] = paid.get(payment.on, 0) + payment.amount
    rows: list[tuple[Any, ...]] = []
    for plan in run.plans:
        place = at[plan.as_of]
        before = run.value[place] + plan.cost + paid.get(plan.as_of, 0)
        before -= run.flows[place] if run.flows else 0
        turned = sum(trade.value for trade in plan.trades) / (2 * before) if before > 0 else 0.0
        began = run.invested_at_start and place == 0
        rows.append(
            (place, plan.cost / 100, turned, plan.id not in run.beside_policy and not began)
        )
    sessions, cost, turned_over, acted = zip(*rows, strict=True) if rows else ((), (), (), ())
    return AccountCurve(
        name=run.name,
        policy=Policy(None, parse_when(run.when), parse_to(run.to), run.name),
        cash=run.value[0] / 100,
        first=run.dates[0],
        last=run.dates[-1],
        symbols=places,
        dates=np.array(run.dates, dtype="datetime64[D]"),
        value=run.equity,
        flows=np.array(run.flows, dtype=np.float64) / 100.0 if run.flows else None,
        shares=np.divide(worth, total, out=np.zeros_like(worth), where=total > 0),
        targets=np.broadcast_to(np.array(aim, dtype=np.float64), worth.shape),
        log=AccountLog(
            np.array(sessions, dtype=np.int64),
            np.array(cost, dtype=np.float64),
            np.array(turned_over, dtype=np.float64),
            np.array(acted, dtype=np.bool_),
        ),
    )


def _order(run: AccountRun, place: str) -> tuple[bool, int, str]:
    """The leaves as the target has them, then the rest by name."""
    known = list(run.aims)
    return place not in run.aims, known.index(place) if place in run.aims else 0, place
