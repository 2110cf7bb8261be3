"""What a plan says last: the command that comes next, never one that is going to be refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.console import GOLDEN, Session, golden_session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """The household that trades by hand."""
    return golden_session(GOLDEN / "by-hand.console", tmp_path)


def last_line(printed: str) -> str:
    """What is told to do, as one line."""
    return " ".join(printed.partition("Saved plans/")[2].split())


def with_broker(session: Session, broker: str) -> None:
    """Write another broker for the account ira."""
    path = session.cwd / "portfolio.toml"
    text = path.read_text("utf-8").replace(
        "[accounts.ira]\n", f'[accounts.ira]\nbroker="{broker}"\n'
    )
    path.write_text(text, encoding="utf-8")


def test_a_plan_that_can_be_carried_out_names_apply(session: Session) -> None:
    """With nothing in the way the next command is apply."""
    told = last_line(session.run("trimtab plan"))

    assert "Next: trimtab apply plans/" in told
    assert "In the way" not in told


def test_a_halted_account_is_resumed_first(session: Session) -> None:
    """A plan with orders of a halted account names the end of the halt, then a new plan."""
    session.run("trimtab halt ira --reason 'a look at it'")

    told = last_line(session.run("trimtab plan"))

    assert "Next: trimtab resume ira --reason TEXT, then trimtab plan" in told
    assert "apply" not in told


def test_what_it_says_of_a_halt_helps(session: Session) -> None:
    """Who types both commands has a plan that apply takes."""
    session.run("trimtab halt household --reason 'a look at it'")
    session.run("trimtab resume household --reason 'all is well'")

    told = last_line(session.run("trimtab plan")).rpartition("Next: ")[2]

    assert "3 tickets" not in told
    assert not session.run(f"{told} --yes").endswith("[1]\n")


def test_a_mixed_household_is_made_of_one_kind_first(session: Session) -> None:
    """Where apply refuses paper beside real, the plan says so instead of naming apply."""
    with_broker(session, "paper")

    told = last_line(session.run("trimtab plan"))

    assert "some accounts trade on paper and others do not" in told
    assert "trimtab apply" not in told


def test_an_unknown_broker_is_set_up_first(session: Session) -> None:
    """Where apply refuses the broker, the plan says what to write."""
    with_broker(session, "acme")

    told = last_line(session.run("trimtab plan"))

    assert 'Next: write broker = "manual" or "paper" under [accounts.ira]' in told


@pytest.mark.parametrize(
    ("limits", "right"),
    [
        ("max_order_valu = 5\n", "Next: correct it, then trimtab apply plans/"),
        ("max_order_value = 500\n", "(the rest alone: trimtab apply --in-part plans/"),
        ("max_orders_per_plan = 1\n", "(the rest alone: trimtab apply --in-part plans/"),
    ],
)
def test_limits_are_looked_at_first(limits: str, right: str, session: Session) -> None:
    """A plan beyond the limits, or with limits that cannot be read, names what helps."""
    (session.cwd / "limits.toml").write_text(limits, encoding="utf-8")

    told = last_line(session.run("trimtab plan"))

    assert right in told


def test_the_age_of_prices_is_told_once_before_the_question(tmp_path: Path) -> None:
    """What the plan said of old prices, apply says as it is today, and once."""
    session = golden_session(GOLDEN / "demo.console", tmp_path)
    session.run("trimtab plan")

    printed = session.run("echo n | trimtab apply plans/*")

    assert " ".join(printed.split()).lower().count("the newest price is of") == 1
