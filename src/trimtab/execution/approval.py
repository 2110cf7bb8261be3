"""Approving a plan: it has to be what would be decided from what is known, and no older."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from trimtab.engine.decide import decide, inputs_hash
from trimtab.execution.application import Application
from trimtab.execution.booked_first import booked_first
from trimtab.execution.gate import beyond_limits
from trimtab.execution.opening import Prepared, opening_drafts, prepared
from trimtab.ledger import events
from trimtab.ledger.chain import Draft, Entry
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding, listed
from trimtab.model.plan import Plan


def approve(run: Application, by: str, *, today: date | None, whole: bool = False) -> None:
    """Check the plan against what is known, and write that it was approved; once.

    Args:
        run: The run.
        by: Who approves it.
        today: The plan must not be older than one session before this day; None: of any age.
        whole: Refuse a plan of which the gate is certain to refuse a part. Carried out in part it
            would leave the portfolio where nobody wanted it: sold, and not bought.

    Raises:
        RefusedError: It may not be carried out; nothing was written.
    """
    known = run.folded.plans.get(run.plan.id)
    if known is not None and known.sha256 != run.digest:
        raise RefusedError(
            f"the record knows a plan {run.plan.id} with another content: plan again"
        )
    if run.is_approved:
        return
    base = _base(run)
    ready = _prepared(run, base)
    _check(run, ready, today)
    if whole:
        _need_whole(run)
    at = run.at()
    drafts = [
        *ready.drafts,
        events.planned(
            run.plan.id, run.digest, as_of=run.plan.as_of, head=run.plan.state_head, at=at
        ),
        events.approved(run.plan.id, run.digest, by=by, at=at),
    ]
    written = run.entries[len(base) :]
    done = _common_start(written, drafts)
    if done < len(written):
        entry = written[done]
        raise RefusedError(
            f"plan {run.plan.id} is stale: since it was made, entry {entry.seq} "
            f"({entry.kind}) changed the record. Plan again."
        )
    run.write(drafts[done:])
    run.findings.extend(booked_first(ready.drafts, ready.findings))


def _base(run: Application) -> list[Entry]:
    """The record as it was when the plan was made."""
    if not run.plan.state_head:
        return []
    for count in range(len(run.entries), 0, -1):
        if run.entries[count - 1].hash == run.plan.state_head:
            return run.entries[:count]
    raise RefusedError(f"plan {run.plan.id} was made from another record than this one: plan again")


def _prepared(run: Application, base: Sequence[Entry]) -> Prepared:
    """The record as the plan saw it: seeded, declared, with splits and dividends."""
    venue = run.venue
    instruments = venue.mandate.household.instruments
    seeds = [entry for entry in run.entries if entry.kind == "opened"]
    if not base and seeds and not _is_seeding(run, seeds):
        # Seeded already, perhaps by an earlier run: lots.csv may have been edited since.
        ready = prepared(
            seeds, None, instruments=instruments, market=venue.market, paper=venue.paper,
            at=run.at(),
        )  # fmt: skip
        first = [Draft(entry.at, entry.kind, entry.body) for entry in seeds]
        return replace(ready, drafts=(*first, *ready.drafts))
    return prepared(
        base, venue.opening, instruments=instruments, market=venue.market, paper=venue.paper,
        at=run.at(), known=run.folded if len(base) == len(run.entries) else None,
    )  # fmt: skip


def _is_seeding(run: Application, seeds: Sequence[Entry]) -> bool:
    """Whether the opening statement may still lack parts."""
    opening = run.venue.opening
    if len(run.entries) > len(seeds) or opening is None:
        return False
    drafts = opening_drafts(opening, run.venue.mandate.household.instruments, run.at())
    return len(seeds) < len(drafts)


def _check(run: Application, ready: Prepared, today: date | None) -> None:
    """That the plan is what would be decided from what is known; else refuse it."""
    plan, venue = run.plan, run.venue
    calendar = venue.market.calendar
    if venue.market.as_of != plan.as_of:
        raise RefusedError(f"plan {plan.id} needs the market of {plan.as_of}")
    if today is not None and calendar.sessions_between(plan.as_of, today) > 1:
        raise RefusedError(
            f"plan {plan.id} was made for {plan.as_of}, and it is {today}: it has expired. "
            "Plan again."
        )
    since = ready.folded.actions_through
    if since is not None and plan.as_of < since:
        raise RefusedError(
            f"plan {plan.id} is for {plan.as_of}, and the record reaches {since}: it looks at "
            "a past that is over. Plan again."
        )
    state = ready.state(plan.as_of, head=plan.state_head)
    if run.decided_from == state:
        return  # Deciding is pure: from the same inputs it would say the same.
    digest = inputs_hash(state, venue.mandate, venue.market, run.request)
    name = venue.mandate.household.name
    if digest != plan.inputs_hash and name != plan.household:
        raise RefusedError(
            f'plan {plan.id} was made for a household named "{plan.household}", and this one is '
            f'"{name}": without a name under [household], a household has that of its folder. '
            "Write the old one there, or plan again."
        )
    if digest != plan.inputs_hash:
        raise RefusedError(
            f"plan {plan.id} is stale: holdings, portfolio.toml, or the prices of "
            f"{plan.as_of} are not what it was made from. Plan again."
        )
    again = decide(state, venue.mandate, venue.market, plan.as_of, run.request)
    if _decision(again) != _decision(plan):
        raise RefusedError(
            f"plan {plan.id} is not what this program decides from its inputs: it was "
            "altered, or another version made it. Plan again."
        )


def _need_whole(run: Application) -> None:
    refused = certainly_refused(run)
    if refused:
        raise RefusedError(
            f"a part of plan {run.plan.id} is certain to be refused, so none of it is carried "
            f"out: {listed(refused)}. Mend that (limits.toml) and apply again; or carry out the "
            "rest alone with `apply --in-part`."
        )


def certainly_refused(run: Application) -> list[Finding]:
    """What the gate is going to refuse of a plan, whatever happens."""
    venue = run.venue
    days = dict.fromkeys(venue.real, venue.clock.now().date())
    return beyond_limits(run.plan, venue.mandate, venue.market, venue.limits, days=days)


def _common_start(entries: Sequence[Entry], drafts: Sequence[Draft]) -> int:
    """How many drafts are written already, from the first on."""
    count = 0
    for entry, draft in zip(entries, drafts, strict=False):
        if (entry.kind, entry.body) != (draft.kind, draft.body):
            break
        count += 1
    return count


def _decision(plan: Plan) -> Plan:
    """A plan without what its reader is told beside it."""
    trades = tuple(replace(trade, impact=None) for trade in plan.trades)
    return replace(plan, id="", findings=(), trades=trades)
