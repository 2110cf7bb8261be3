"""Accounts on paper, by hand and at brokers: what of a household can be carried out at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from trimtab.engine.mandate import HOUSEHOLD
from trimtab.model.findings import Finding
from trimtab.model.household import Household

BY_HAND = "manual"
ON_PAPER = "paper"


def mixed(household: Household) -> str:
    """Why nothing of a household is carried out or booked; empty where nothing is in the way.

    Its record is the real one, and what never happened must not enter it (docs/decisions/0009).
    """
    accounts = household.accounts
    paper = sorted(name for name, account in accounts.items() if account.broker == ON_PAPER)
    if not paper or len(paper) == len(accounts):
        return ""
    others = [name for name in accounts if name not in paper]
    trades = "trades" if len(paper) == 1 else "trade"
    do_not = "does not" if len(others) == 1 else "do not"
    return (
        f"{', '.join(paper)} {trades} on paper and {', '.join(others)} {do_not}: what happens on "
        "paper must not enter the real record, so nothing is carried out or booked. Write "
        'broker = "paper" for every account to rehearse the household (with a record of its own '
        'under paper/), or broker = "manual" for those that are real.'
    )


def not_set_up(household: Household, real: Collection[str]) -> Iterator[tuple[str, str]]:
    """Accounts at a broker that is not set up, each with what to say of it.

    Args:
        household: The household.
        real: Names of the brokers that are set up.
    """
    known = (BY_HAND, ON_PAPER, *sorted(real))
    for name, account in household.accounts.items():
        if account.broker not in known:
            text = (
                f"account {name} is traded through {account.broker}, which is not set up here "
                f"(known: {', '.join(known)})"
            )
            yield name, text


def in_the_way(household: Household, real: Collection[str]) -> Iterator[Finding]:
    """What `apply` is going to refuse, told while a plan is only looked at."""
    for name, text in not_set_up(household, real):
        yield Finding("broker-unknown", name, f"{text}: this plan cannot be applied")
    if text := mixed(household):
        yield Finding("mixed-household", HOUSEHOLD, text)
