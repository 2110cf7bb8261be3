"""`trimtab sweep`: ranges, files, and going on where it was stopped."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.cli.console import PACKAGED, Session, demo_folder
from trimtab.adapters.sweep_store import SweepStore
from trimtab.model.policy import PolicyError
from trimtab.model.ranges import ranged

PRICES = PACKAGED / "total_return.csv"


def test_a_range_stands_for_its_numbers() -> None:
    """Both ends are in it, steps are exact, and several ranges multiply."""
    assert ranged("band:{1..3}pp") == ["band:1pp", "band:2pp", "band:3pp"]
    assert ranged("band:{0.1..0.3/0.1}pp") == ["band:0.1pp", "band:0.2pp", "band:0.3pp"]
    assert ranged("band:{1..2}pp/{10..20/10}%") == [
        "band:1pp/10%", "band:1pp/20%", "band:2pp/10%", "band:2pp/20%",
    ]  # fmt: skip
    assert ranged("monthly") == ["monthly"]


@pytest.mark.parametrize("words", ["band:{1..}pp", "band:{3..1}pp", "band:{1..2/0}pp", "band:1}pp"])
def test_a_range_that_is_none_says_how_one_is_written(words: str) -> None:
    """The message shows the form."""
    with pytest.raises(PolicyError, match=r"range"):
        ranged(words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("band:{1..1000000/0.0001}pp", "at most six digits before the point"),
        ("band:{1..999999/0.5}pp", "at most 1,000,000 values: take larger steps"),
    ],
)
def test_a_range_that_is_too_much_says_of_what(words: str, said: str) -> None:
    """What is written as a range should be is not told how a range is written."""
    with pytest.raises(PolicyError, match=said):
        ranged(words)


def test_no_threads_at_all_are_refused(tmp_path: Path) -> None:
    """Zero is no number of threads, and not what happens where none is said."""
    printed = Session(demo_folder(tmp_path)).run("trimtab sweep --when never --threads 0")

    assert "2> --threads 0: at least 1" in printed


def test_a_policy_of_a_sweep_is_that_of_a_backtest(tmp_path: Path) -> None:
    """The same portfolio, the same policy: the same final value from both commands."""
    session = Session(demo_folder(tmp_path))

    swept = json.loads(session.run("trimtab sweep --when quarterly --to target --json"))
    alone = json.loads(session.run("trimtab backtest --when quarterly --json"))

    row = next(one for one in swept["policies"] if one["name"] == "quarterly to target")
    other = next(one for one in alone["policies"] if one["name"] == "quarterly")
    for figure in ("final_value", "rebalances", "cost_paid", "turnover_one_way", "max_drawdown"):
        assert row[figure] == pytest.approx(other[figure], rel=1e-12), figure
    # The portfolio's own policy is among them without being asked for.
    assert "monthly+band:5pp/25% to target" in {one["name"] for one in swept["policies"]}


def test_other_targets_run_beside_the_own_one(tmp_path: Path) -> None:
    """Every policy with each target, as a backtest of that target alone."""
    session = Session(demo_folder(tmp_path))
    asked = f"--prices {PRICES} --target AAPL=50,BOND10=50 --json"

    swept = json.loads(session.run(
        f"trimtab sweep {asked} --when monthly --to target --other-target AAPL=80,BOND10=20"
    ))  # fmt: skip
    alone = json.loads(session.run(
        f"trimtab backtest --prices {PRICES} --target AAPL=80,BOND10=20 --when monthly --json"
    ))  # fmt: skip

    rows = {one["name"]: one for one in swept["policies"]}
    assert set(rows) == {
        "monthly to target, AAPL=50,BOND10=50", "monthly to target, AAPL=80,BOND10=20",
    }  # fmt: skip
    found = rows["monthly to target, AAPL=80,BOND10=20"]["final_value"]
    assert found == pytest.approx(alone["final_value"], rel=1e-12)


def test_the_file_holds_every_policy(tmp_path: Path) -> None:
    """One row a policy with what it is made of, and no portion left lying about."""
    folder = demo_folder(tmp_path)

    text = Session(folder).run("trimtab sweep --when 'band:{1..4}pp' --to half --out run")

    with (folder / "run" / "sweep.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert "Wrote run/sweep.csv" in text
    assert re.search(r"It starts with [0-9,.]+, what the portfolio is worth now", text)
    assert {"band:1pp", "band:4pp"} < {row["when"] for row in rows}
    assert [path.name for path in (folder / "run").iterdir()] == ["sweep.csv"]


def test_a_sweep_that_is_stopped_says_what_it_kept_and_goes_on_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Portions that were finished are on disk, counted, and not run again; figures are the same."""
    days = np.arange("2022-01-03", "2022-02-03", dtype="datetime64[D]")
    walk = 100 * np.exp(np.random.default_rng(3).normal(0, 0.01, (len(days), 2)).cumsum(axis=0))
    rows = [f"{day},{a:.4f},{b:.4f}" for day, (a, b) in zip(days, walk, strict=True)]
    (tmp_path / "two.csv").write_text("\n".join(["date,A,B", *rows]))
    session = Session(tmp_path)
    line = (
        "trimtab sweep --prices two.csv --target A=60,B=40 --to target --threads 1 "
        "--when 'band:{0.1..7/0.1}pp'"
    )
    kept = SweepStore.keep

    def pressed(store: SweepStore, portions: Mapping[int, np.ndarray]) -> None:
        kept(store, portions)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(SweepStore, "keep", pressed)
        stopped = session.run(f"{line} --out run")
    on = session.run(f"{line} --out run")
    session.run(f"{line} --out whole")

    found = re.search(r"Interrupted\. (\d+) of 70 policies are kept in run", stopped)
    assert found is not None
    assert 0 < int(found[1]) < 70
    assert f"Going on after {found[1]} policies" in on
    assert (tmp_path / "run/sweep.csv").read_text() == (tmp_path / "whole/sweep.csv").read_text()


def test_a_damaged_portion_is_run_again(tmp_path: Path) -> None:
    """What was cut off in the middle of writing is not believed."""
    import numpy as np

    store = SweepStore(tmp_path, "a" * 64)
    store.keep({0: np.ones((2, 3)), 64: np.zeros((1, 3))})
    damaged = next(store.place.glob("64.npy"))
    damaged.write_bytes(damaged.read_bytes()[:-9])

    known = store.known()

    assert set(known) == {0}
    assert np.array_equal(known[0], np.ones((2, 3)))
    assert SweepStore(tmp_path, "b" * 64).known() == {}


def test_a_page_of_a_sweep_is_written_beside_the_text(tmp_path: Path) -> None:
    """`--report` writes it and says so; JSON stays as it is, and what is no page is kept."""
    line = f"trimtab sweep --prices {PRICES} --target AAPL=60,IBM=40 --when band:{{1..4}}pp"
    session = Session(tmp_path)
    (tmp_path / "notes.html").write_text("mine")

    text, told = session.run(f"{line} --report page.html"), session.run(f"{line} --json")
    refused = session.run(f"{line} --report notes.html")

    page = (tmp_path / "page.html").read_text()
    assert "Wrote page.html" in text
    assert f"Sweep of {json.loads(told)['policies_run']} policies" in page
    assert "it is no page" in refused
    assert (tmp_path / "notes.html").read_text() == "mine"


def test_contradictions_and_slips_are_told(tmp_path: Path) -> None:
    """A policy that cannot be read is a message and exit code 1, not a trace."""
    line = f"trimtab sweep --prices {PRICES} --target AAPL=60,IBM=40 --when monthly --to edge"

    assert "no band whose edge" in Session(tmp_path).run(line)


def test_what_a_table_is_ordered_by_stays_in_sight(tmp_path: Path) -> None:
    """At 80 columns lesser figures go, and each is named once."""
    text = Session(demo_folder(tmp_path)).run("COLUMNS=80 trimtab sweep --when 'band:{1..4}pp'")

    heads = [line for line in text.splitlines() if line.startswith("  policy")]
    assert "Sharpe" in heads[0]
    assert "cost" in heads[1]
    assert "tracking error" in heads[1]
    assert max(map(len, text.splitlines())) <= 80


def test_conditions_of_a_backtest_go_with_a_sweep_and_advice(tmp_path: Path) -> None:
    """Flows, fees, gaps and short positions by the same options, with the figures of backtest."""
    days = np.arange("2022-01-03", "2023-01-03", dtype="datetime64[D]")
    walk = np.random.default_rng(3).normal(0, 0.01, (len(days), 2)).cumsum(axis=0)
    rows = [
        f"{day},{100 * np.exp(a):.4f},{'' if k % 20 == 9 else format(50 * np.exp(b), '.4f')}"
        for k, (day, (a, b)) in enumerate(zip(days, walk, strict=True))
    ]
    (tmp_path / "two.csv").write_text("\n".join(["date,A,B", *rows]))
    session = Session(tmp_path)
    words = (
        "--prices two.csv --target A=120,B=-20 --short --borrow-bps 100 --missing hold "
        "--withdraw 4%/year --new-money hold --fee-percent 1 --cost-bps 10 --json"
    )

    alone, swept, advice = (
        json.loads(session.run(f"trimtab {line} {words} --when monthly"))
        for line in ("backtest", "sweep --to target", "advise --paths 20")
    )

    assert swept["policies"][0]["final_value"] == alone["final_value"]
    assert swept["sessions"] == alone["sessions"] == len(days)
    assert "price-held" in {one["code"] for one in swept["findings"]}
    assert advice["own"] == "monthly to target"
    assert "price-held" in {one["code"] for one in advice["findings"]}
