"""`trimtab backtest`: published figures from the command line, and the files it writes."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from tests.cli.console import Session, demo_folder


@pytest.mark.parametrize(
    ("when", "bps", "case"),
    [
        ("never", 0, "none_cost0bp"),
        ("monthly", 0, "monthly_cost0bp"),
        ("monthly", 10, "monthly_cost10bp"),
        ("quarterly", 0, "quarterly_cost0bp"),
        ("band:5pp", 10, "abs5_cost10bp"),
    ],
)
def test_published_cases_come_out_of_the_command_line(
    when: str, bps: int, case: str, shared: Path, tmp_path: Path
) -> None:
    """60/40 of two funds over 22 years, to the cent that somebody else computed."""
    published = json.loads(
        (shared / "reference" / "independent_rebalancing_backtests.json").read_text("utf-8")
    )["spy_agg_6040"]["results"]
    if case not in published:
        pytest.skip(f"the reference has no case {case}")
    line = (
        f"trimtab backtest --prices {shared}/data/etf_daily_yahoo --target SPY=60,AGG=40 "
        f"--when {when} --cost-bps {bps} --json"
    )

    found = json.loads(Session(tmp_path).run(line))

    wanted = published[case]
    assert found["final_value"] == pytest.approx(wanted["final_value"], abs=0.01)
    assert found["rebalances"] == wanted["n_rebalances"]
    assert found["cost_paid"] == pytest.approx(wanted["cost_paid"], abs=0.01)
    assert found["volatility"] == pytest.approx(wanted["ann_vol"], abs=1e-6)
    assert list(found["final_weights"].values()) == pytest.approx(wanted["final_weights"], abs=1e-6)


def test_the_files_say_what_the_figures_say(tmp_path: Path) -> None:
    """Curves end at the final values, weights add up, and trades cost what was paid."""
    folder = demo_folder(tmp_path)
    figures = json.loads(Session(folder).run("trimtab backtest --out run --json"))["policies"]

    with (folder / "run" / "equity.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "run" / "monthly" / "weights.csv").open(encoding="utf-8", newline="") as file:
        weights = list(csv.DictReader(file))
    with (folder / "run" / "monthly" / "trades.csv").open(encoding="utf-8", newline="") as file:
        trades = list(csv.DictReader(file))

    assert [one["name"] for one in figures] == list(rows[0])[1:]
    assert len(rows) == figures[0]["sessions"] == len(weights)
    for one in figures:
        assert float(rows[-1][one["name"]]) == pytest.approx(one["final_value"])
    for row in weights[::500]:
        assert sum(float(row[name]) for name in row if name != "date") == pytest.approx(1)
    monthly = next(one for one in figures if one["name"] == "monthly")
    assert sum(float(row["cost"]) for row in trades) == pytest.approx(monthly["cost_paid"])


def test_a_report_has_intervals_over_shuffled_histories(tmp_path: Path) -> None:
    """`--report` shuffles history so often as it is told, always alike, and names the file."""
    folder = demo_folder(tmp_path)
    line = "trimtab backtest --policy never --start 2010-01-04 --paths 30 --report"

    said = Session(folder).run(f"{line} one.html")
    Session(folder).run(f"{line} two.html")

    page = (folder / "one.html").read_text("utf-8")
    assert "Wrote one.html" in said
    assert "30 paths of" in page
    assert "Stands for each sleeve" in page
    assert page == (folder / "two.html").read_text("utf-8")


def test_pictures_of_the_same_figures(tmp_path: Path) -> None:
    """`--png` writes the figures of the report into a folder."""
    pytest.importorskip("matplotlib", reason="pictures are an extra: trimtab[plot]")
    folder = demo_folder(tmp_path)

    said = Session(folder).run("trimtab backtest --policy never --paths 20 --png out/png")

    assert "Wrote out/png" in said
    names = {path.name for path in (folder / "out" / "png").iterdir()}
    assert {"growth.png", "falls.png", "drift.png", "weights_1.png", "differences.png"} <= names


def test_a_report_without_shuffling_says_so(tmp_path: Path) -> None:
    """`--paths 0` leaves the shuffling out, and so does history too short for it, with a word."""
    folder = demo_folder(tmp_path)

    Session(folder).run("trimtab backtest --policy never --paths 0 --report none.html")
    Session(folder).run(
        "trimtab backtest --policy never --start 2013-02-15 --paths 30 --report short.html"
    )

    assert "not tried" in (folder / "none.html").read_text("utf-8")
    assert "are too few to shuffle" in (folder / "short.html").read_text("utf-8")


def test_alternatives_stand_beside_the_portfolio_once_each(tmp_path: Path) -> None:
    """A policy that is one of the alternatives is not shown twice."""
    folder = demo_folder(tmp_path)
    toml = folder / "portfolio.toml"
    toml.write_text(
        toml.read_text("utf-8").replace('"monthly+band:5pp/25%"', '"quarterly"'), encoding="utf-8"
    )

    figures = json.loads(Session(folder).run("trimtab backtest --json"))["policies"]

    names = [one["name"] for one in figures]
    assert names[0] == "this portfolio"
    assert "quarterly" not in names
    assert len(set(names)) == len(names)


def test_the_files_of_account_mode_say_what_its_figures_say(tmp_path: Path) -> None:
    """Curves end at the final values, trades cost and are taxed what the figures say."""
    folder = demo_folder(tmp_path)
    line = "trimtab backtest --account-mode --start 2011-11-01 --end 2012-03-01 --out run --json"

    figures = json.loads(Session(folder).run(line))

    with (folder / "run" / "equity.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "run" / "this-portfolio" / "trades.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        trades = list(csv.DictReader(file))
    assert json.loads((folder / "run" / "figures.json").read_text("utf-8")) == figures
    own = figures["policies"][0]
    assert len(rows) == own["sessions"]
    assert float(rows[-1]["this portfolio"]) == pytest.approx(own["final_value"])
    assert sum(float(row["cost"]) for row in trades) == pytest.approx(own["cost_paid"])
    assert sum(float(row["tax"]) for row in trades) == pytest.approx(own["tax_caused"])
    assert [one["rebalances"] for one in figures["policies"] if "never" in one["name"]] == [0]


@pytest.mark.parametrize("more", ["", " --paths 2"])
def test_account_mode_tells_programs_what_it_tells_readers(tmp_path: Path, more: str) -> None:
    """Findings of account mode stand in JSON as in the text, with shuffled histories too."""
    session = Session(demo_folder(tmp_path))
    line = (
        "trimtab backtest --account-mode --start 2012-01-03 --end 2012-02-29 --policy never "
        f"--cash 10000 --withdraw 50000/month{more}"
    )

    told, text = json.loads(session.run(f"{line} --json")), session.run(line)

    plain = " ".join(text.split()).replace(",", "")
    assert "withdrawal-unpaid" in {one["code"] for one in told["findings"]}
    assert all(one["message"][:-1].replace(",", "") in plain for one in told["findings"])


def test_account_mode_writes_a_page_and_pictures(tmp_path: Path) -> None:
    """--report and --png go with --account-mode: its own page, and a picture of tax by year."""
    folder = demo_folder(tmp_path)
    line = (
        "trimtab backtest --account-mode --start 2011-11-01 --end 2012-03-01 --policy annual "
        "--report run.html --png pictures"
    )

    said = Session(folder).run(line)

    page = (folder / "run.html").read_text(encoding="utf-8")
    assert "Wrote run.html     Wrote pictures" in said
    assert page.startswith("<!doctype html>")
    assert "Account mode" in page
    assert {"growth.png", "tax.png", "weights_2.png"} <= {
        path.name for path in (folder / "pictures").iterdir()
    }


@pytest.mark.parametrize("mode", ["", " --account-mode --start 2012-01-03"])
def test_files_of_other_people_are_not_written_over(tmp_path: Path, mode: str) -> None:
    """A folder with other files, or a file that is no page, is refused before anything runs."""
    folder = demo_folder(tmp_path)
    (folder / "mine").mkdir()
    (folder / "mine" / "equity.csv").write_text("my own\n")

    into_folder = Session(folder).run(f"trimtab backtest --policy never --out mine{mode}")
    over_file = Session(folder).run("trimtab backtest --policy never --report portfolio.toml")
    nowhere = Session(folder).run("trimtab backtest --policy never --report nowhere/run.html")

    assert "there is no folder nowhere; make it, or name another" in nowhere
    assert "2> --out mine: the folder holds what no earlier backtest wrote" in into_folder
    assert "2> --report portfolio.toml: it is no page" in over_file
    assert [path.name for path in (folder / "mine").iterdir()] == ["equity.csv"]


def test_an_earlier_run_is_replaced_whole_and_that_is_said(tmp_path: Path) -> None:
    """What a policy left that is not run again goes; what somebody put there stays."""
    folder = demo_folder(tmp_path)
    line = "trimtab backtest --paths 0 --start 2012-01-03 --out run --report run.html --policy"
    first = Session(folder).run(f"{line} annual")
    (folder / "run" / "this-portfolio" / "note.txt").write_text("mine")

    second = Session(folder).run(f"{line} quarterly")

    assert "earlier run" not in first
    assert "Wrote run over an earlier run     Wrote run.html over an earlier run" in second
    places = sorted(path.name for path in (folder / "run").iterdir() if path.is_dir())
    assert places == ["quarterly", "this-portfolio"]
    kept = sorted(path.name for path in (folder / "run" / "this-portfolio").iterdir())
    assert kept == ["note.txt", "trades.csv", "weights.csv"]


def test_tax_that_is_counted_stays_in_the_accounts(tmp_path: Path) -> None:
    """`--tax counted` shows what is owed; by default it is paid, and both say so."""
    session = Session(demo_folder(tmp_path))
    line = (
        "trimtab backtest --account-mode --start 2010-09-01 --end 2011-04-20 --when monthly "
        "--cash 400000"
    )

    paid, counted = (
        [json.loads(session.run(f"{line}{more} --json"))["policies"][1], session.run(line + more)]
        for more in ("", " --tax counted")
    )

    assert (paid[0]["tax"], counted[0]["tax"]) == ("paid", "counted")
    assert paid[0]["tax_paid"] == paid[0]["tax_by_year"][0]["tax"] > 0
    assert counted[0]["tax_owed"] == counted[0]["tax_caused"] > 0
    assert paid[0]["after_tax_final_value"] == pytest.approx(
        paid[0]["final_value"] - paid[0]["tax_owed"]
    )
    assert "from 15 April of the next year on" in " ".join(paid[1].split())
    assert "counted, not paid" in " ".join(counted[1].split())


def test_tax_of_research_mode_is_refused(tmp_path: Path) -> None:
    """Research mode knows no taxes: --tax without --account-mode names what it goes with."""
    said = Session(demo_folder(tmp_path)).run("trimtab backtest --tax counted")

    assert "--tax goes with --account-mode" in said
    assert said.endswith("[1]\n")


def test_accounts_over_shuffled_histories_tell_noise_and_their_time(tmp_path: Path) -> None:
    """`--account-mode --paths` compares the own policy with the next one after tax, in money."""
    folder = demo_folder(tmp_path)
    session = Session(folder)
    line = (
        "trimtab backtest --account-mode --start 2012-01-03 --end 2012-02-29 --policy weekly "
        "--cash 400000 --paths 2"
    )

    told, text = json.loads(session.run(f"{line} --out run --json")), session.run(line)

    shuffled = told["shuffled"]
    assert (shuffled["first"], shuffled["second"]) == ("this portfolio", "weekly")
    gap = shuffled["figures"]["after_tax_final_value"]
    assert [gap["first"], gap["second"]] == [
        one["after_tax_final_value"] for one in told["policies"]
    ]
    assert (gap["low"], gap["high"], gap["verdict"]) == (None, None, "few")
    assert json.loads((folder / "run" / "figures.json").read_text("utf-8")) == told
    assert shuffled["sentence"] in " ".join(text.split())
    assert "too few paths to tell (2; at least 100)" in shuffled["sentence"]
    assert "95% interval" not in text
    assert "middle 95%" not in " ".join(text.split())
    assert re.search(r"It took [0-9,]+ seconds", " ".join(text.split()))


def test_what_looks_like_a_split_is_told(tmp_path: Path) -> None:
    """The warning of an untold split is in the text, the JSON and the report of a backtest."""
    rows = [f"2024-01-{d:02},{100 + d % 3 if d < 12 else 51 + d % 3}" for d in range(1, 25)]
    (tmp_path / "halved.csv").write_text("\n".join(["date,VTI", *rows]))
    words = "--prices halved.csv --target VTI=100"
    session = Session(tmp_path)

    text = session.run(f"trimtab backtest {words} --report page.html --paths 0")
    told = [
        json.loads(session.run(f"trimtab {name} {words} --json").split("\n2> ")[0])["findings"]
        for name in ("backtest", "sweep --when monthly", "advise --paths 20")
    ]

    assert "2-for-1 split" in text
    assert "2-for-1 split" in (tmp_path / "page.html").read_text()
    assert all("looks-like-split" in {one["code"] for one in findings} for findings in told)


def test_a_portfolio_begins_with_what_it_is_worth(tmp_path: Path) -> None:
    """Fees per order weigh by size: research mode begins as account mode does, and says so."""
    folder = demo_folder(tmp_path)
    small = "account,symbol,quantity,acquired,cost_basis\nroth,USD,5200.00,,\n"
    (folder / "lots.csv").write_text(small)
    session = Session(folder)

    text = session.run("trimtab backtest --start 2012-06-01 --policy never")
    told = session.run("trimtab backtest --start 2012-06-01 --policy never --cash 3000")

    assert "5,200.00 at the start" in text
    assert "It starts with 5,200.00, what the portfolio is worth now" in text
    assert "3,000.00 at the start" in told
    assert "what the portfolio is worth" not in told
