"""`trimtab advise`: the portfolio's own policy is weighed, with the tax of its own accounts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.console import PACKAGED, Session, demo_folder

PRICES = PACKAGED / "total_return.csv"


def test_a_portfolio_is_told_whether_to_keep_its_policy(tmp_path: Path) -> None:
    """Its own policy is weighed with its own tax, and the accounts' run stands beside it."""
    session = Session(demo_folder(tmp_path))
    words = "trimtab advise --paths 20 --start 2011-01-03"

    text, told = session.run(words), json.loads(session.run(f"{words} --json"))

    runs = told["accounts"].get("policies", [told["accounts"]])
    assert told["own"] == runs[0]["name"] == "monthly+band:5pp/25% to target"
    assert told["tax_of_turnover"] > 0
    assert told["sentence"].split(":")[0] in text
    assert f"{told['tax_of_turnover']:.2%} of what is turned over" in " ".join(text.split())
    assert ("To follow it" in text) == (told["advised"] != told["own"])


def test_tax_that_is_given_is_not_asked_of_the_accounts(tmp_path: Path) -> None:
    """`--tax-percent` saves the run through the accounts."""
    session = Session(demo_folder(tmp_path))

    told = json.loads(session.run("trimtab advise --paths 20 --tax-percent 2 --json"))

    assert told["tax_of_turnover"] == pytest.approx(0.02)
    assert "accounts" not in told


def test_any_prices_are_weighed_without_a_folder(tmp_path: Path) -> None:
    """With prices and a target the policy comes from the command line."""
    line = (
        f"trimtab advise --prices {PRICES} --target AAPL=60,IBM=40 --when weekly --cost-bps 50 "
        "--paths 20 --report advice.html --json"
    )

    told = json.loads(Session(tmp_path).run(line))

    page = (tmp_path / "advice.html").read_text()
    assert told["sentence"] in page
    assert "Trading costs 50 bp of the money traded" in page
    assert told["own"] == "weekly to target"
    assert told["advised"] != told["own"]
    assert told["gain"]["low"] > 0


def test_what_contradicts_itself_is_refused(tmp_path: Path) -> None:
    """A policy beside the portfolio's own, too few paths, what is no page: said, with a remedy."""
    session = Session(demo_folder(tmp_path))
    (session.cwd / "notes.html").write_text("mine")

    assert "go with --prices" in session.run("trimtab advise --when daily")
    assert "it is no page" in session.run("trimtab advise --report notes.html")
    assert "at least 20" in session.run("trimtab advise --paths 3 --tax-percent 0")
