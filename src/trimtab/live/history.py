"""A portfolio's own accounts over history: its policy and others, in account mode."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

from trimtab.adapters.portfolio_tables.notes import nearest
from trimtab.adapters.price_ends import cut_off
from trimtab.adapters.prices_file import PriceFile
from trimtab.engine.foreign import FOREIGN
from trimtab.engine.mandate import HOUSEHOLD, Mandate, Request, leaves_of
from trimtab.engine.value import valuation
from trimtab.execution.opening import Opening
from trimtab.live.ended_prices import refuse_early_ends
from trimtab.live.exchange import need_rates, with_cost
from trimtab.live.observed import ObservedBook
from trimtab.live.processes import shared_out
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.model.market import Market
from trimtab.model.numbers import Price, StepPrice, minor_from
from trimtab.model.policy import Policy, parse_policy
from trimtab.model.sessions import Calendar
from trimtab.model.sleeves import Sleeve
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.cash import large_dividends, together
from trimtab.simulate.accounts.paths import ACCOUNT_PATHS, AccountPaths, bootstrap_accounts
from trimtab.simulate.accounts.priced_days import PricedDays, priced_days
from trimtab.simulate.accounts.results import AccountBacktest
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.accounts.start import Start, StartFrom, lots_moved_back
from trimtab.simulate.accounts.tape import Tape
from trimtab.simulate.accounts.terms import USUAL, AccountTerms
from trimtab.simulate.accounts.volume import usual_days
from trimtab.simulate.prices.gaps import USUAL_HOLD
from trimtab.targets.moving.breaking import Breaks
from trimtab.targets.moving.mover import Mover
from trimtab.targets.moving.watch import Watch, why_not_weighed

SESSIONS_AT_LEAST = 2

BEFORE = timedelta(days=45)
"""Twenty sessions and more, over which volatility and volume are averaged."""

NOBODY: Mapping[str, Decimal | None] = {}
"""Nothing is said to be gone."""


def account_runs(
    book: ObservedBook,
    policies: Sequence[Policy],
    *,
    start: date | None = None,
    end: date | None = None,
    cash: Decimal | None = None,
    pay_tax: bool = True,
    terms: AccountTerms = USUAL,
    start_from: StartFrom = "cash",
    on_session: Callable[[str, date, float], None] | None = None,
) -> list[AccountRun]:
    """What policies would have done in these very accounts, with whole shares, lots and tax.

    They begin at the first session on which everything that they would buy has a price.

    Args:
        book: The portfolio.
        policies: When to act and how far to go; their targets are the portfolio's own, unless one
            is a tree of sleeves.
        start: The first day that may count.
        end: The last day that may count.
        cash: What all accounts together start with; None: their present worth.
        pay_tax: Pay tax when it is due, out of the accounts that caused it; else it is counted.
        terms: What becomes of dividends, what comes and goes, and when decisions are traded.
        start_from: `cash`: each account starts with its present worth in cash, and is invested at
            the first session. `lots`: with its present lots, moved back to that day: each is worth
            what it is now, has the same gain in proportion and the same age
            (`trimtab.simulate.accounts.start`), and the policy says what is done with them.
        on_session: Called with the policy's name, each session, and which part of them is done.

    Raises:
        RefusedError: There are no sessions with prices to run over, money is to come to an account
            that is none, or a policy weighs what the target says nothing of.
    """
    _need_accounts(book, terms)
    for policy in policies:
        if wrong := why_not_weighed(policy.when, book.portfolio.rules.values()):
            raise RefusedError(wrong)
    past = _past(
        book, start, end, cash, start_from=start_from, opens=terms.trade_at == "next-open",
        delisted=terms.delisted,
    )  # fmt: skip
    movers = past.on_its_days(book.movers())
    tape = Tape.of(list(past.markets()))
    if terms.trade_at == "next-open":
        past.need_opens(tape)
    usual = None
    if any(one.needs_volume for one in terms.charged(past.mandate.costs).values()):
        usual = usual_days(past.markets_before(), past.volumes)
    runs = []
    for policy in policies:
        name = policy.label
        done = count(1)

        def told(day: date, name: str = name, done: Iterator[int] = done) -> None:
            if on_session is not None:
                on_session(name, day, next(done) / len(tape))

        own = policy.target if isinstance(policy.target, Sleeve) else None
        mandate = replace(past.mandate, when=policy.when, to=policy.to)
        runs.append(
            backtest_accounts(
                mandate if own is None else replace(mandate, target=own, found=None),
                past.opening,
                tape,
                name=name,
                invest_at_start=start_from == "cash",
                pay_tax=pay_tax,
                terms=terms,
                participation=book.portfolio.participation,
                volumes=past.volumes,
                opens=past.opens if terms.trade_at == "next-open" else None,
                on_session=told,
                movers=_asked(movers, policy),
                watch=past.watch_on_its_days(book) if policy.when.needs_prices else None,
                exchange=book.portfolio.calendar,
                usual=usual,
            )
        )
    more = (*past.findings, *large_dividends(tape))
    return [replace(run, findings=(*_of_sessions(run, past), *more)) for run in runs]


def _of_sessions(run: AccountRun, past: _Past) -> list[Finding]:
    """What a run said of its sessions, but for what is said of all of them at once."""
    told = {one.subject for one in past.noted if one.code == FOREIGN}
    return [one for one in run.findings if one.code != FOREIGN or one.subject not in told]


def account_backtest(
    book: ObservedBook,
    policies: Sequence[Policy | str],
    *,
    start: date | None,
    end: date | None,
    cash: Decimal | None,
    pay_tax: bool,
    start_from: StartFrom,
    **terms: Any,
) -> AccountBacktest:
    """The portfolio's own policy in its accounts, beside others: see `OpenBook.backtest`."""
    from trimtab.reports.notebook import accounts_notebook

    mandate = book.portfolio.mandate
    made = [Policy(None, mandate.when, mandate.to, "this portfolio")]
    for one in policies:
        policy = Policy(None, *parse_policy(one)) if isinstance(one, str) else one
        if policy.target is not None and not isinstance(policy.target, Sleeve):
            raise RefusedError(
                f"{policy.label} has a target of its own: in its accounts a portfolio has the one "
                "of portfolio.toml; give the policy None for a target, or use trimtab.backtest"
            )
        made.append(policy)
    runs = account_runs(
        book, made, start=start, end=end, cash=cash, pay_tax=pay_tax,
        terms=AccountTerms(**terms), start_from=start_from,
    )  # fmt: skip
    paged = [replace(run, pager=accounts_notebook) for run in runs]
    return AccountBacktest(tuple(paged), pager=accounts_notebook)


def account_paths(
    book: ObservedBook,
    policies: Sequence[Policy],
    *,
    observed: Sequence[AccountRun] | None = None,
    start: date | None = None,
    end: date | None = None,
    cash: Decimal | None = None,
    pay_tax: bool = True,
    terms: AccountTerms = USUAL,
    start_from: StartFrom = "cash",
    paths: int = ACCOUNT_PATHS,
    seed: int = 0,
    processes: int = 1,
    on_progress: Callable[[int], None] | None = None,
) -> AccountPaths:
    """Policies in these very accounts over the same shuffled histories: each against the first.

    Orders are filled whole: a shuffled day has no volume of its own. A target that moves is found
    anew on each, from its own prices.

    Args:
        book: The portfolio.
        policies: The one that is compared, and those that it is compared with, after tax.
        observed: What they did in history, if that was run.
        start, end, cash, pay_tax, terms, start_from: As for `account_runs`.
        paths: Shuffled histories.
        seed: Of the shuffling.
        processes: How many to run paths in, at most (`trimtab.live.processes`).
        on_progress: Told how many paths are done, each time.

    Raises:
        RefusedError: There is no history to run over, or it cannot be shuffled.
    """
    if terms.participation is not None or terms.charged({})[""].moves_prices:
        raise RefusedError(
            "shuffled histories in account mode have no volumes: leave out `paths`, or leave out "
            "`impact`, `temporary_impact`, `permanent_impact` and `participation`"
        )
    if terms.delisted:
        raise RefusedError(
            "shuffled histories in account mode hold what is there to the end: leave out `paths`, "
            "or `delisted` and end the run before (`end`)"
        )
    _need_accounts(book, terms)
    if any(policy.when.needs_prices for policy in policies):
        raise RefusedError(
            "shuffled histories in account mode have no estimates for tracking, worth and "
            "breakdown: leave out `paths`, or run research mode"
        )
    past = _past(book, start, end, cash, start_from=start_from)
    try:
        found = bootstrap_accounts(
            past.mandate,
            past.opening,
            list(past.markets()),
            policies,
            observed=observed,
            paths=paths,
            seed=seed,
            pay_tax=pay_tax,
            terms=terms,
            invest_at_start=start_from == "cash",
            exchange=book.portfolio.calendar,
            movers=past.on_its_days(book.movers()),
            in_turn=shared_out(processes),
            on_progress=on_progress,
        )
    except ValueError as error:
        raise RefusedError(f"history cannot be shuffled: {error}") from None
    held = {lot.instrument for lot in past.opening.lots}
    lacking = sorted(set(found.left_out) & (held | set(_bought(book, past.mandate))))
    if lacking:
        raise RefusedError(
            f"history cannot be shuffled: {', '.join(lacking)} has no usable price on some "
            "session; mend those rows"
        )
    return found


def _asked(movers: Mapping[str, Mover], policy: Policy) -> dict[str, Mover]:
    """What finds targets under a policy: anew when correlations break, where it asks for that.

    A target of its own stands in place of the household's.
    """
    return {
        owner: mover
        if (mover.breaks is not None) == policy.when.breakdown
        else replace(mover, breaks=Breaks() if policy.when.breakdown else None)
        for owner, mover in movers.items()
        if owner != HOUSEHOLD or policy.target is None
    }


def _need_accounts(book: ObservedBook, terms: AccountTerms) -> None:
    """Make sure that money comes to and goes from accounts that there are.

    Raises:
        RefusedError: An account is named that is none.
    """
    known = book.portfolio.household.accounts
    if wrong := [account for account in terms.flows_of if account not in known]:
        raise RefusedError(
            f"a deposit or withdrawal was named for {', '.join(wrong)}, which is no account: "
            f"known are {', '.join(known)}"
        )


@dataclass(frozen=True, slots=True)
class _Past:
    """A portfolio's accounts, all in cash, before the first session of a span with prices."""

    mandate: Mandate
    opening: Opening
    source: PriceFile
    first: date
    last: date
    noted: tuple[Finding, ...] = ()
    fx_bps: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """All that may be held."""
        return sorted(self.mandate.household.instruments)

    def markets(self) -> Iterator[Market]:
        """One snapshot a session."""
        return self.source.snapshots(self.first, self.last, self.names)

    def markets_before(self) -> Iterator[Market]:
        """The same from some weeks before on, for what is usual at the first sessions."""
        first = self.first - BEFORE
        return self.source.snapshots(first, self.last, self.names)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be said of the prices, and of what has none at the start."""
        span = self.first, self.last
        beside = self.source.beside_sessions(self.names, *span, stand_ins=True)
        rates = self.source.rates_told(self.names, *span, stand_ins=True)
        return (*self.noted, *beside, *with_cost(rates, self.fx_bps))

    def on_its_days(self, movers: Mapping[str, Mover]) -> dict[str, Mover]:
        """The same moving targets, their periods ending on the sessions of this run."""
        return {owner: on_days_of(self.source.calendar, mover) for owner, mover in movers.items()}

    def watch_on_its_days(self, book: ObservedBook) -> Watch:
        """What estimates risk, its months ending on the sessions of this run."""
        return replace(book.watch(), calendar=self.source.calendar)

    def volumes(self, day: date) -> dict[str, Fraction]:
        """What was traded on a day."""
        return self.source.volumes(day, self.names, stand_ins=True)

    def opens(self, day: date) -> dict[str, Price]:
        """Opens of a day."""
        return self.source.opens_of(day, self.names, stand_ins=True)

    def need_opens(self, tape: Tape) -> None:
        """Make sure that everything with a close has an open.

        Raises:
            RefusedError: Something has none; the first is named.
        """
        lacking = [
            (name, day)
            for place, day in enumerate(tape.days)
            for name, quote in tape.market(place).quotes.items()
            if quote.on == day and quote.price is not None and name not in self.opens(day)
        ]
        if lacking:
            name, day = lacking[0]
            more = f", nor on {len(lacking) - 1:,} more rows" if len(lacking) > 1 else ""
            raise RefusedError(
                f"{name} has no open on {day}{more}: give a column open, or say "
                "`trade_at=next-close`"
            )


def _past(
    book: ObservedBook,
    start: date | None,
    end: date | None,
    cash: Decimal | None,
    *,
    start_from: StartFrom = "cash",
    opens: bool = False,
    delisted: Mapping[str, Decimal | None] = NOBODY,
) -> _Past:
    mandate = book.mandate()
    _need_known(book, mandate, delisted)
    source = PriceFile(
        book.portfolio.prices,
        instruments=mandate.household.instruments,
        calendar=book.portfolio.calendar,
        folder=book.folder,
        opens=opens,
        exchange=book.portfolio.exchange,
    )
    told = source.need_history(sorted(mandate.household.instruments))
    told += cut_off(book.portfolio.prices, folder=book.folder)
    held = {lot.instrument for lot in book.state(book.as_of()).lots} if start_from == "lots" else ()
    needed = {*held, *_bought(book, mandate), *_bought(book, mandate, gone=delisted)}
    holds = [(leaf.name, leaf.hold) for leaf in leaves_of(mandate)]
    for rule in book.portfolio.rules.values():
        holds += [(leaf.name, leaf.hold) for leaf in rule.tree.leaves()]
    sleeves = {name: [leaf for leaf, hold in holds if name in hold] for name in needed}
    unrated = need_rates(source, sleeves, start=start, end=end)
    refuse_early_ends(
        source,
        needed,
        mandate.household.instruments,
        told=delisted,
        end=end,
        most=max(USUAL_HOLD, mandate.household.frozen_sessions),
    )
    priced = _priced(book, mandate, source, gone=delisted)
    source.calendar = priced.calendar
    sessions = [
        day
        for day in priced.days
        if (start is None or day >= start) and (end is None or day <= end)
    ]
    if len(sessions) < SESSIONS_AT_LEAST:
        raise RefusedError(_too_few(source, _bought(book, mandate)))
    sessions = _with_a_target(book, sessions, priced.calendar)
    names = sorted(mandate.household.instruments)
    market = next(iter(source.snapshots(sessions[0], sessions[0], names)))
    days = source.days_of(sorted(delisted))
    over = {name for name, own in days.items() if not own or own[-1] < sessions[0]}
    quotes = {name: quote for name, quote in market.quotes.items() if name not in over}
    market = replace(market, quotes=quotes)
    begin = _start(book, mandate, cash, start_from, market)
    opening = Opening(
        mandate.household.name, mandate.household.currency, sessions[0], begin.lots, begin.cash, (),
        "0" * 64,
    )  # fmt: skip
    gaps = priced.left_out(
        sessions[0], sessions[-1], source=", ".join(one.name for one in book.portfolio.prices)
    )
    noted = (*begin.findings, *priced.findings, *gaps, *unrated, *told)
    fx_bps = book.portfolio.fx_bps
    return _Past(mandate, opening, source, sessions[0], sessions[-1], noted, fx_bps)


def _need_known(
    book: ObservedBook, mandate: Mandate, delisted: Mapping[str, Decimal | None]
) -> None:
    """Make sure that what is said to be gone is held by something, and a target can do without it.

    Raises:
        RefusedError: An instrument is none of the portfolio's, or the target is found from prices.
    """
    known = mandate.household.instruments
    if wrong := [name for name in delisted if name not in known]:
        raise RefusedError(
            f"`delisted` {', '.join(wrong)}: no instrument of this portfolio; known are "
            f"{', '.join(sorted(known))}"
        )
    if delisted and any(rule.glide is None for rule in book.portfolio.rules.values()):
        raise RefusedError(
            "`delisted` will not go with a target that is found from prices: end the run before "
            "they end (`end`)"
        )


def _priced(
    book: ObservedBook, mandate: Mandate, source: PriceFile, *, gone: Collection[str] = ()
) -> PricedDays:
    """The sessions on which accounts can look and trade, from when all they buy has a price."""
    instruments = mandate.household.instruments
    known = source.days_of(sorted(instruments))
    needed = {id_: known[id_] for id_ in _bought(book, mandate)}
    # Typed prices are few by their nature, and those that end are of no more days: they are no
    # reason to look seldom.
    typed = [id_ for id_ in needed if id_ in gone or instruments[id_].price_source == "manual"]
    return priced_days(source.calendar, needed, typed=typed, others=list(known.values()))


def _too_few(source: PriceFile, bought: Sequence[str]) -> str:
    """That nothing can be run, and for want of whose prices; near names where there are some."""
    days = source.days_of(sorted(bought))
    stand_in = 'name a stand-in: history = "SYMBOL" under [instruments.NAME]'
    known = source.symbols()
    bare = [id_ for id_ in bought if not days[id_]]
    if not bare:
        return (
            "there are not two sessions on which everything that the accounts buy has a price "
            f"({', '.join(bought)}); widen the span, or {stand_in}"
        )
    meant = [
        f"{id_} (did you mean {near}?)" if (near := nearest(id_, known)) else id_ for id_ in bare
    ]
    return (
        f"the accounts would buy what has no price: {', '.join(meant)}; correct it, or {stand_in}"
    )


def _with_a_target(book: ObservedBook, sessions: list[date], calendar: Calendar) -> list[date]:
    """The sessions from the first one on for which targets can be found that move.

    Raises:
        RefusedError: There are not two, and why.
    """
    for mover in book.movers().values():
        sessions = _with_its_target(on_days_of(calendar, mover), sessions)
    return sessions


def _with_its_target(mover: Mover, sessions: list[date]) -> list[date]:
    """The sessions from the first one on for which one target can be found."""
    failure = ""
    for place, day in enumerate(sessions[: 1 - SESSIONS_AT_LEAST]):
        found = mover.learned(mover.found_on(day))
        if found.tree is not None:
            return sessions[place:]
        failure = found.failure
    whose = "a target" if mover.owner == HOUSEHOLD else f"the target of {mover.owner}"
    raise RefusedError(f"{whose} cannot be found on any session: {failure}")


def on_days_of(calendar: Calendar, mover: Mover) -> Mover:
    """The same moving target, its periods ending on the sessions of a calendar."""
    return mover if mover.calendar == calendar else replace(mover, calendar=calendar)


def _bought(book: ObservedBook, mandate: Mandate, *, gone: Collection[str] = ()) -> list[str]:
    """What accounts would buy first: the instruments without which nothing can begin."""
    from trimtab.engine.problem import bought_for

    found, rules = set[str](), book.portfolio.rules
    for account in mandate.household.accounts.values():
        owner = HOUSEHOLD if account.shares_target else account.id
        written = mandate.target if account.shares_target else account.target
        root = rules[owner].tree if owner in rules else written
        for leaf in root.leaves() if root else ():
            found.add(bought_for([id_ for id_ in leaf.hold if id_ not in gone], account))
    return sorted(found - {"", CASH})


def _start(
    book: ObservedBook,
    mandate: Mandate,
    cash: Decimal | None,
    start_from: StartFrom,
    market: Market,
) -> Start:
    """What accounts start with: their present worth, or their part of another sum, in cash or lots.

    Args:
        book: The portfolio.
        mandate: Its household.
        cash: What all accounts together start with; None: their present worth.
        start_from: In cash, or in the lots that they have now.
        market: The first session's prices.
    """
    day = book.as_of()
    state = book.state(day)
    value = valuation(state, mandate, book.market(day), Request())
    worth = together(value.cash, *({id_: own} for (id_, _), own in value.values.items()))
    total, scale = sum(worth.values()), Fraction(1)
    if cash is not None:
        if total <= 0:
            raise RefusedError(
                "the accounts are worth nothing now, so no cash can be divided by it"
            )
        scale = Fraction(minor_from(cash), total)
    if start_from == "cash":
        return Start((), {account: int(minor * scale) for account, minor in worth.items()})
    instruments = mandate.household.instruments
    then = {
        id_: StepPrice.of(quote.price, instruments[id_].step)
        for id_, quote in market.quotes.items()
        if quote.price is not None
    }
    return lots_moved_back(
        state.lots, value.cash, now=value.step_prices, then=then, shift=day - market.as_of,
        scale=scale,
    )  # fmt: skip
