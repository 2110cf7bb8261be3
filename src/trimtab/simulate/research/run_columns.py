"""The columns that a run of one policy works on, and the kernel that runs over them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from trimtab.kernels.compile import compiled
from trimtab.kernels.daily import run_daily
from trimtab.kernels.daily_columns import (
    COUNTS,
    DECIDED,
    NEW_CASH,
    PAID_OUT,
    ROWS,
    ROWS_A_SESSION,
    SUMS,
    TOTALS,
    Bill,
    Charges,
    Conditions,
    Held,
    Log,
    Tally,
    Terms,
    Work,
)
from trimtab.kernels.destination import TO_CODES
from trimtab.kernels.research import run
from trimtab.kernels.research_columns import (
    ADOPTED,
    BLOCK,
    BRANCH_SPACE,
    LANES,
    REBALANCES,
    SPACE,
)
from trimtab.model.policy import When
from trimtab.simulate.prices.calendar import period_ends
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.charged import rates_of
from trimtab.simulate.research.laid_out import laid_out_once
from trimtab.simulate.research.rules import Rules
from trimtab.simulate.research.settings import Setting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Floats

FIRST_ROOM = 512
"""Rebalances that a run has room for at first."""


class RunColumns:
    """The columns that the kernel works on, in the form it runs in."""

    def __init__(self, setting: Setting, rules: Rules) -> None:
        import numpy as np

        history, form = setting.history, self._form
        sessions, n = history.close.shape
        self.setting = setting
        self.compiled = rules.compiled
        self.laid = laid = laid_out_once(history, compiled=rules.compiled)
        looks, self.every = looks_of(setting.policy.when, history)
        self.lag = 0 if setting.trade_at == "close" else 1
        self.looks = form(looks)
        self._own_looks = False
        self.by_session = laid.by_session
        self.dealing = laid.opens if setting.trade_at == "next-open" else laid.by_session
        self.conditions = setting.conditions
        if self.moves_prices:
            self.by_session, self.dealing = self._own(self.by_session), self._own(self.dealing)
        # What is more to costs than rates and fees is worked out by the conditions.
        self.rates = rates_of(rules.costs, history.symbols, cost_rule=rules.cost_rule, whole=True)
        self.costs = form(self.rates)
        self.cost_rule = rules.cost_rule
        self.counts = form(np.zeros(COUNTS, dtype=np.int64))
        self.sums = form(np.zeros(SUMS))
        self.room = FIRST_ROOM
        traded_at = form(np.empty(FIRST_ROOM, dtype=np.int64))
        self.traded = [traded_at, *form(np.empty((3, FIRST_ROOM)))]
        self.units_after = form(np.empty((FIRST_ROOM, n)))
        self.branches = self._branches()
        self.space = [form(np.zeros((SPACE, n)))]
        self.space += [form(np.zeros((BRANCH_SPACE, len(self.branches)))), form(np.zeros(2))]
        self.units: Any = None
        if self.conditions is not None:
            self.equity = form(np.empty(sessions))
            self.flows = form(np.zeros(sessions))
            struck = np.empty(0, np.int64) if setting.struck is None else setting.struck.at
            self.struck, self.fired = form(struck), form(np.zeros(len(struck), dtype=np.bool_))
            self.traded_as = form(np.zeros(FIRST_ROOM, dtype=np.int64))
            self.cost_by = form(np.zeros((FIRST_ROOM, n)))
            self.conditions = self._formed(self.conditions)
            self.under_way = [form(np.zeros(n)) for _ in range(6)]
            self.bill = Bill(form(np.zeros(n)), form(np.zeros(TOTALS)))
        else:
            self.by_symbol = laid.by_symbol
            self.extremes = laid.extremes if watches_bands(setting) else laid.no_extremes
            self.equity = form(np.empty(sessions + LANES))
            self.apart = form(np.empty(BLOCK))

    @property
    def is_full(self) -> bool:
        """Whether the log has no room for what one more session may need."""
        daily = self.conditions is not None
        return daily and int(self.counts[ROWS]) + ROWS_A_SESSION > self.room

    def use(
        self,
        by_symbol: Floats,
        by_session: Floats,
        extremes: Floats,
        dealing: Floats,
    ) -> None:
        """Run over these prices from now on; machine code only."""
        assert self.compiled
        self.by_symbol, self.by_session, self.dealing = by_symbol, by_session, dealing
        self.extremes = extremes
        if self.moves_prices:
            self.by_session, self.dealing = by_session.copy(), dealing.copy()

    def restart(self, units: Floats) -> None:
        """Forget what was run, and hold these units at the first session; machine code only."""
        self.counts[:] = 0
        self.sums[:] = 0.0
        if self.conditions is not None:
            self.flows[:] = 0.0
            self.fired[:] = False
            for column in self.under_way:
                column[:] = 0.0
        self.begin(units)

    def meet(self, conditions: Conditions) -> None:
        """Go by these conditions from now on; machine code only."""
        assert self.compiled
        assert self.conditions is not None
        self.conditions = conditions

    @property
    def moves_prices(self) -> bool:
        """Whether own orders move the prices of later sessions: then they are the run's own."""
        return self.conditions is not None and len(self.conditions.charges.permanent) > 0

    @property
    def events(self) -> int:
        """Rows of the log that are filled."""
        return int(self.counts[ROWS if self.conditions is not None else REBALANCES])

    def column(self, values: Any, kind: type) -> Any:
        """What the kernel left in a column, as an array whichever form it ran in."""
        import numpy as np

        return values if self.compiled else np.array(values, dtype=kind)

    def _form(self, column: Any) -> Any:
        return column if self.compiled else column.tolist()

    def _own(self, prices: Any) -> Any:
        return prices.copy() if self.compiled else [row[:] for row in prices]

    def _formed(self, conditions: Conditions) -> Conditions:
        columns = ("caps", "flow_money", "flow_share", "fee_share", "borrow", "loan", "paid")
        return conditions._replace(
            charges=Charges(*(self._form(column) for column in conditions.charges)),
            **{name: self._form(getattr(conditions, name)) for name in columns},
        )

    def _branches(self) -> Any:
        """Inner sleeves: which symbols are in which, shape (b, n)."""
        import numpy as np

        inside = self.setting.branches
        return self._form(np.array(inside, dtype=np.int64)) if inside else self.laid.no_branches

    def begin(self, units: Floats) -> None:
        """Hold these units."""
        self.told: tuple[list[list[float]], list[int]] | None = None
        self.units = self._form(units.copy())

    def make_room(self) -> None:
        """Room for four times as many rebalances, with those that are there."""
        import numpy as np

        def longer(column: Any) -> Any:
            old = np.asarray(column)
            return self._form(
                np.concatenate([old, np.zeros((3 * self.room, *old.shape[1:]), old.dtype)])
            )

        self.traded = [longer(column) for column in self.traded]
        self.units_after = longer(self.units_after)
        if self.conditions is not None:
            self.traded_as, self.cost_by = longer(self.traded_as), longer(self.cost_by)
        self.room *= 4

    @property
    def adopted(self) -> int:
        """The row of the target last adopted."""
        return int(self.counts[ADOPTED])

    def skip(self, session: int) -> None:
        """Look at a session no more."""
        if not self._own_looks:
            self.looks, self._own_looks = self.looks.copy(), True
        self.looks[session] = False

    def woken(self, session: int, day: date) -> str:
        """What it acts for on a session whatever it weighs, in words: new cash, or what broke."""
        if self.conditions is None:
            return ""
        limit, found = self.setting.policy.when.cashflow, self.setting.struck
        if limit is not None and float(self.sums[NEW_CASH]) >= float(limit):
            return f"new cash of at least {limit} came"
        if found is not None and int(self.struck[session]) > int(self.counts[DECIDED]):
            return found.told(session, day)
        return ""

    def held_at(self, session: int) -> tuple[dict[str, float], float]:
        """What is held at the close of a session, as weights by symbol, and its worth in money."""
        close = self.by_session[session]
        parts = [
            float(units) * float(price) for units, price in zip(self.units, close, strict=True)
        ]
        value = sum(parts)
        if not value > 0.0:
            return {}, value
        symbols = self.setting.history.symbols
        return {symbol: part / value for symbol, part in zip(symbols, parts, strict=True)}, value

    def go(self, rows: Floats, session: int, stop: int | None = None) -> int:
        """Run from a session on; the session at which something is needed, or where it stopped.

        Args:
            rows: Target weights.
            session: Where to start.
            stop: The session to stop before; by default it runs to the end.
        """
        last = len(self.setting.history)
        stop = last if stop is None else stop
        if self.conditions is not None:
            return self._go_daily(self.conditions, rows, session, stop)
        assert stop == last, "what can be held changes in runs session by session only"
        policy = self.setting.policy
        when, to = policy.when, policy.to
        kernel: Any = compiled(run) if self.compiled else run
        return int(
            kernel(
                self.by_symbol,
                self.by_session,
                self.extremes,
                self.dealing,
                self.looks,
                self.every,
                *self._targets(rows, session),
                self.branches,
                number_of(when.band_absolute),
                number_of(when.band_relative),
                number_of(when.drift),
                TO_CODES[to.kind],
                number_of(to.width),
                self.lag,
                self.cost_rule,
                self.costs,
                session,
                self.units,
                self.counts,
                self.sums,
                self.equity,
                *self.traded,
                self.units_after,
                *self.space,
                self.apart,
            )
        )

    def pay_out(self, session: int, prices: Mapping[int, float]) -> None:
        """Turn what is gone into cash before anything else of a session, at these prices.

        What was decided about it and is not yet traded is dropped: the rest of a decision shares
        what is left, in proportion.
        """
        assert self.conditions is not None
        n, cash_at = len(self.units), self.conditions.cash_at
        close = self.by_session
        before = sum(float(self.units[i] * close[session - 1][i]) for i in range(n))
        waiting, queued = self.under_way[:2]
        money = 0.0
        for i, price in prices.items():
            money += float(self.units[i]) * price
            self.units[i] = waiting[i] = queued[i] = 0.0
        self.units[cash_at] += money / float(close[session][cash_at])
        decided = sum(float(goal) for goal in queued)
        for i in range(n):
            queued[i] = queued[i] / decided if decided > 0.0 else float(i == cash_at)
        k = int(self.counts[ROWS])
        at, cost, moved, value = self.traded
        at[k], cost[k], moved[k], value[k], self.traded_as[k] = session, 0.0, 0.0, before, PAID_OUT
        for i in range(n):
            self.units_after[k][i] = self.units[i]
            self.cost_by[k][i] = 0.0
        self.counts[ROWS] = k + 1

    def _targets(self, rows: Floats, session: int) -> tuple[Any, Any]:
        """Target weights, and the row of each session, as the loop takes them.

        Who makes targets on the way comes back with one row more each time, which holds from the
        session that is gone on from: only what is new is brought into form.
        """
        at = self.setting.row_at
        if self.compiled:
            return rows, at
        if self.told is None or self.setting.history.status is not None:
            self.told = rows.tolist(), at.tolist()
        told, told_at = self.told
        told += rows[len(told) :].tolist()
        told_at[session] = int(at[session])
        return self.told

    def _go_daily(self, conditions: Conditions, rows: Floats, session: int, stop: int) -> int:
        policy = self.setting.policy
        when, to = policy.when, policy.to
        kernel: Any = compiled(run_daily) if self.compiled else run_daily
        at, cost, moved, value = self.traded
        targets, target_at = self._targets(rows, session)
        terms = Terms(
            looks=self.looks,
            targets=targets,
            target_at=target_at,
            branches=self.branches,
            absolute=number_of(when.band_absolute),
            relative=number_of(when.band_relative),
            drift=number_of(when.drift),
            cashflow=number_of(when.cashflow),
            to=TO_CODES[to.kind],
            width=number_of(to.width),
            lag=self.lag,
            struck=self.struck,
        )
        return int(
            kernel(
                self.by_session,
                self.dealing,
                terms,
                conditions,
                session,
                stop,
                Held(self.units, *self.under_way),
                Tally(self.counts, self.sums, self.equity, self.flows, self.fired),
                Log(at, cost, moved, value, self.traded_as, self.units_after, self.cost_by),
                Work(self.space[0], self.space[1], self.bill),
            )
        )


def number_of(part: Fraction | Decimal | None) -> float:
    """A width as the kernels take it: below zero for none."""
    if part is None:
        return -1.0
    # A fraction's own way to a float takes three times as long.
    return part.numerator / part.denominator if isinstance(part, Fraction) else float(part)


def watches_bands(setting: Setting) -> bool:
    """Whether a run goes by its bands at every session, in strides."""
    when = setting.policy.when
    return when.has_band and when.calendar in (None, "daily") and setting.conditions is None


def looks_of(when: When, history: PriceHistory) -> tuple[NDArray[np.bool_], bool]:
    """On which sessions a policy looks, shape (sessions,), and whether that is every one."""
    import numpy as np

    if when.calendar is None:
        watches = when.has_band or when.drift is not None or when.is_dynamic
        every = history.once(
            ("watches", watches), lambda: np.full(len(history), watches, dtype=np.bool_)
        )
        return every, True
    period = when.calendar
    looks = history.once(("ends", period), lambda: period_ends(history.dates, period))
    return looks, period == "daily"
