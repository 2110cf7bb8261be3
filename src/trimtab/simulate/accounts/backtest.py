"""Backtests in account mode: the same decision, orders and record as on a real day, over dates.

Nothing here decides, fills or books. Each session asks the engine, and what it plans is carried
out by the same procedure as `trimtab apply`, on a paper broker that fills whole at that close, into
a record in memory. So what was tested is what trades: integers, lots, whole shares, minimums,
splits and dividends, and tax that is paid out of the account whose sales caused it, when it is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction

from trimtab.costs.impact import UsualDay
from trimtab.engine.follow import NO_MOVERS, on_day
from trimtab.engine.mandate import Mandate, Request
from trimtab.execution.opening import Opening
from trimtab.model.errors import OptionError
from trimtab.model.findings import Finding
from trimtab.model.market import Market
from trimtab.model.numbers import Price
from trimtab.model.sessions import Calendar
from trimtab.simulate.accounts.assumed import assumed_of_run
from trimtab.simulate.accounts.desk import Desk
from trimtab.simulate.accounts.ended import ends_of
from trimtab.simulate.accounts.findings import idle_dividends, impact_left_out
from trimtab.simulate.accounts.flows import AccountFlows, exhausted_on, late_said, unpaid_said
from trimtab.simulate.accounts.interest import Interest
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.accounts.session import pass_over, session
from trimtab.simulate.accounts.settled import settled_said
from trimtab.simulate.accounts.tape import Tape
from trimtab.simulate.accounts.terms import USUAL, AccountTerms
from trimtab.simulate.accounts.trades import NEVER
from trimtab.targets.moving.mover import Mover
from trimtab.targets.moving.watch import Watch


def backtest_accounts(
    mandate: Mandate,
    opening: Opening,
    markets: Iterable[Market] | Tape,
    *,
    name: str | None = None,
    invest_at_start: bool = False,
    pay_tax: bool = True,
    participation: Fraction | None = None,
    volumes: Callable[[date], Mapping[str, Fraction]] | None = None,
    terms: AccountTerms = USUAL,
    opens: Callable[[date], Mapping[str, Price]] | None = None,
    on_session: Callable[[date], None] | None = None,
    movers: Mapping[str, Mover] = NO_MOVERS,
    watch: Watch | None = None,
    exchange: Calendar | None = None,
    usual: Callable[[date], Mapping[str, UsualDay]] | None = None,
) -> AccountRun:
    """What a household's policy would have done, in account mode.

    Args:
        mandate: The household with its target, policy and costs. All accounts trade on paper.
        opening: Lots and cash at the start, in the shares of the opening's day.
        markets: One snapshot a session, oldest first, from the opening's day on; or their tape.
        name: What to call the run; by default the policy's words.
        invest_at_start: Trade to target at the first session whatever the policy says, as a run
            that starts from cash must.
        pay_tax: Pay the tax that a year's sales caused, out of the account that made them, at the
            first session on or after the day on which it falls due (`trimtab.taxes.payment`); what
            is sold for it is taxed a year later. Otherwise tax is only counted.
        participation: The largest part of a day's volume that one order is filled with; what is
            left is cancelled, and waits until the policy acts again. None: filled in whole.
        volumes: Units traded on a day, by instrument; what it does not know is filled in whole.
        terms: What becomes of dividends, what comes and goes, and when decisions are traded.
        opens: Opens of a day, by instrument, for `next-open`.
        on_session: Called with every session, for a progress bar.
        movers: What finds targets on each session, where they move, by `household` or account: by
            the same function as for a plan. Those of `mandate` have no meaning then.
        watch: What estimates the risk that `tracking` and `worth` weigh, by the same function as
            for a plan; None: what `mandate.outlooks` say.
        exchange: By whose sessions trades settle, where the markets' calendar leaves some out for
            want of prices; None: by that.
        usual: What orders of a day move prices by (`accounts.volume.usual_days`); None: no impact.

    Returns:
        The run. What is owed at its end, because it is not due yet, is in `tax_owed`.

    Raises:
        OptionError: Trades are to be at opens, and there are none; or money is to come to an
            account that is none.
        AssertionError: There is no session to simulate, or no target for the first one.
    """
    tape = markets if isinstance(markets, Tape) else Tape.of(list(markets))
    mandate = on_day(mandate, tape.days[0], movers=movers)
    assert all(found.sleeves for found in mandate.founds), "there is a target for the first session"
    desk = Desk(
        mandate, opening, participation, volumes, pay_tax=pay_tax, terms=terms, movers=movers,
        watch=watch, exchange=exchange, usual=usual,
    )  # fmt: skip
    if terms.trade_at == "next-open" and opens is None:
        raise OptionError("trade_at: there are no opens to trade at; say next-close")
    desk.opens = opens
    desk.flows = AccountFlows.of(terms, tape.days, mandate.household.accounts)
    desk.findings += desk.flows.findings if desk.flows else ()
    desk.findings += impact_left_out(desk.costs.values(), are_volumes_known=usual is not None)
    desk.listed = tape.listed()
    desk.ends = ends_of(tape, terms.delisted)
    desk.interest = Interest.over(tape.days, terms.cash_rate)
    while len(desk.dates) < len(tape):
        begun = len(desk.dates)
        session(desk, tape, Request(now=invest_at_start and not begun))
        pass_over(desk, tape)
        if on_session is not None:
            for day in desk.dates[begun:]:
                on_session(day)
    last = desk.dates[-1]
    desk.findings += [*unpaid_said(desk.unpaid), *late_said(desk.late)]
    desk.findings += [*settled_said(desk.settled, last), *desk.good_faith.said()]
    desk.findings += desk.undecided.said(desk.dates)
    if terms.dividends == "hold" and mandate.when == NEVER and desk.dividends_paid:
        cash = desk.worth[desk.cash_place][-1]
        desk.findings.append(idle_dividends(desk.dividends_paid, cash, desk.value[-1]))
    plans = [plan for plan in desk.plans if plan.trades]
    cost = sum(plan.cost for plan in plans)
    desk.findings += desk.volume.said(cost, carried=terms.participation is not None)
    unpaid = [one for one in desk.unpaid if one.kind == "withdrawal"]
    return AccountRun(
        name=name or f"{mandate.when} to {mandate.to}",
        when=str(mandate.when),
        to=str(mandate.to),
        dates=tuple(desk.dates),
        value=tuple(desk.value),
        plans=tuple(plans),
        orders=tuple(desk.orders),
        cost_paid=cost,
        tax_caused=sum(plan.tax for plan in plans),
        turnover_one_way=sum(desk.turnover),
        final_weights=desk.weights(),
        folded=desk.folded,
        findings=tuple(_first_of_each(desk.findings)),
        invested_at_start=invest_at_start,
        pays_tax=pay_tax,
        payments=tuple(one for one in desk.tax.payments if one.on <= last),
        for_tax=frozenset(desk.for_tax),
        for_cash=frozenset(desk.for_cash),
        carried=frozenset(desk.carried),
        impact_paid=desk.volume.impact,
        dividends=terms.dividends,
        dividends_paid=desk.dividends_paid,
        trade_at=terms.trade_at,
        flows=tuple(desk.moved.get(place, 0) for place in range(len(desk.dates)))
        if terms.all_flows
        else (),
        paid_in=desk.paid_in,
        paid_out=desk.paid_out,
        flows_named=tuple(terms.flows_of),
        fees_paid=desk.fees_paid,
        interest_paid=desk.interest.paid if desk.interest else 0,
        not_paid_out=sum(one.amount for one in unpaid),
        exhausted_on=exhausted_on(unpaid, desk.dates, desk.value),
        liquidation_tax=desk.liquidation_tax(),
        sheltered_value=desk.sheltered(),
        worth={place: tuple(closes) for place, closes in desk.worth.items()},
        aims=desk.aims(),
        open_lots=desk.open_lots(),
        assumed=assumed_of_run(
            desk,
            exchange or tape.market(0).calendar,
            pays_tax=pay_tax,
            is_from_cash=not opening.lots,
        ),
    )


def _first_of_each(findings: Iterable[Finding]) -> list[Finding]:
    """The first finding of each kind about each subject: a year repeats itself every day."""
    seen: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.code, finding.subject), finding)
    return list(seen.values())
