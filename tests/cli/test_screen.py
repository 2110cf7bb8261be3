"""Terminals, pipes and programs: who gets colours, signs and JSON."""

from __future__ import annotations

import io
import json
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.console import Session, demo_folder
from trimtab.cli import screen
from trimtab.cli.main import main
from trimtab.cli.patience import patience

DAY = "2012-09-28"


class Terminal(io.TextIOWrapper):
    """Standard output that somebody looks at."""

    def isatty(self) -> bool:
        """A person is there."""
        return True


def shown(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str, **environ: str) -> str:
    """What a terminal of 80 columns shows."""
    stream = Terminal(io.BytesIO(), encoding="utf-8")
    for name in ("NO_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.chdir(folder)
    main([*arguments, "--as-of", DAY])
    stream.flush()
    stream.buffer.seek(0)
    return stream.buffer.read().decode()


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is beyond its band stands out."""
    text = shown(monkeypatch, demo_folder(tmp_path), "status")

    assert "\x1b[1;31m" in text


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_color_means_no_colour(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """NO_COLOR, or a terminal without colours, gets plain text."""
    text = shown(monkeypatch, demo_folder(tmp_path), "status", **environ)

    assert "\x1b" not in text


def test_an_empty_no_color_counts_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As its definition says, NO_COLOR has to hold something."""
    text = shown(monkeypatch, demo_folder(tmp_path), "status", NO_COLOR="")

    assert "\x1b[1;31m" in text


def test_progress_goes_to_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but messages reaches a standard error that nobody looks at."""
    unseen, seen = io.StringIO(), Terminal(io.BytesIO(), encoding="utf-8")

    monkeypatch.setattr(sys, "stderr", unseen)
    screen.progress("half way")
    monkeypatch.setattr(sys, "stderr", seen)
    screen.progress("half way")

    assert unseen.getvalue() == ""
    seen.seek(0)
    assert "half way" in seen.read()


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "yes please\n", "ja\n"])
def test_only_a_clear_yes_is_a_yes(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything else, the end of the input included, is a no."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))

    assert not screen.asked("Trade?")


# -- JSON -----------------------------------------------------------------------------------------


def answered(folder: Path, line: str) -> dict[str, Any]:
    """The one JSON object that a command prints."""
    printed = Session(folder, {"LOGNAME": "tester"}).run(line)
    value = json.loads(printed)
    assert isinstance(value, dict)
    return value


def no_float_is_money(value: object, path: str = "") -> list[str]:
    """Where a float stands under a name that is money or a quantity."""
    found = []
    if isinstance(value, dict):
        for name, item in value.items():
            found += no_float_is_money(item, f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            found += no_float_is_money(item, path)
    elif isinstance(value, float):
        shares = ("weight", "now", "after", "deviation", "band", "drift", "adopted")
        if not any(word in path for word in shares):
            found.append(path)
    return found


@pytest.mark.parametrize("command", ["plan", "status"])
def test_money_and_quantities_are_exact_text_in_json(command: str, tmp_path: Path) -> None:
    """No amount of a real book is a float; shares are."""
    value = answered(demo_folder(tmp_path), f"trimtab {command} --json --as-of {DAY}")

    assert no_float_is_money(value) == []
    assert all(isinstance(row["weight"], float) for row in value["sleeves"])


def test_a_plan_in_json_is_the_plan(tmp_path: Path) -> None:
    """Trades with lots that add up, days as ISO dates, and where it was saved."""
    folder = demo_folder(tmp_path)

    plan = answered(folder, f"trimtab plan --json --as-of {DAY}")

    assert plan["as_of"] == DAY
    assert plan["due"] is True
    assert (folder / plan["saved"]).exists()
    assert Decimal(plan["tax"]) == sum(Decimal(trade["tax"]) for trade in plan["trades"])
    for trade in plan["trades"]:
        assert Decimal(trade["quantity"]) > 0
        if trade["side"] == "sell":
            assert sum(Decimal(lot["quantity"]) for lot in trade["lots"]) == Decimal(
                trade["quantity"]
            )
    assert sum(row["weight"] for row in plan["sleeves"] if row["is_leaf"]) == pytest.approx(1)


def test_what_is_planned_is_what_is_applied(tmp_path: Path) -> None:
    """Every trade of the plan is an order that was filled, and JSON says so."""
    folder = demo_folder(tmp_path)
    plan = answered(folder, f"trimtab plan --json --as-of {DAY}")

    done = answered(folder, "trimtab apply --yes --json plans/*")

    assert done["status"] == "done"
    key = ("account", "instrument", "side", "quantity")
    planned = {tuple(trade[name] for name in key) for trade in plan["trades"]}
    assert {tuple(order[name] for name in key) for order in done["orders"]} == planned
    assert {order["state"] for order in done["orders"]} == {"filled"}


def test_a_refusal_is_json_too(tmp_path: Path) -> None:
    """With --json standard output holds one object whatever happens, and the exit code is 1."""
    printed = Session(tmp_path).run("trimtab status --json")

    value, _, rest = printed.partition("\n2> ")
    assert json.loads(value)["problems"][0]["file"] == "portfolio.toml"
    assert rest.endswith("[1]\n")


def test_ledger_answers_in_json(tmp_path: Path) -> None:
    """Verification, entries, checkpoints and proofs are values for programs."""
    folder = demo_folder(tmp_path)
    session = Session(folder, {"LOGNAME": "tester", "TRIMTAB_HOME": str(tmp_path / "home")})
    session.run(f"trimtab plan --as-of {DAY}")
    session.run("trimtab apply --yes plans/*")

    verified = json.loads(session.run("trimtab ledger verify --json"))
    entries = json.loads(session.run("trimtab ledger show --json"))["entries"]
    note = json.loads(session.run("trimtab ledger checkpoint --json"))
    proof = json.loads(session.run("trimtab ledger prove 8 --json"))

    assert verified["holds"]
    assert verified["entries"] == len(entries) == note["entries"]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert proof["proof"].endswith(note["checkpoint"].split("\n\n")[1])


@pytest.mark.parametrize(("rows", "more"), [(30, ""), (31, "and 1 more"), (100, "and 70 more")])
def test_a_person_is_told_thirty_problems_a_program_all(
    rows: int, more: str, tmp_path: Path
) -> None:
    """A file with everything wrong does not scroll its first problem away."""
    session = Session(demo_folder(tmp_path))
    toml = session.cwd / "portfolio.toml"
    bad = [f"unknown-{one} = 1" for one in range(rows)]
    toml.write_text("\n".join([*bad, toml.read_text(encoding="utf-8")]), encoding="utf-8")

    person = session.run("trimtab status").splitlines()
    program = session.run("trimtab status --json")

    told = json.loads(program[: program.index("\n}\n") + 2])["problems"]
    assert person[-1] == "[1]"
    assert len(told) == rows
    assert len([line for line in person if "portfolio.toml:" in line]) == min(rows, 30)
    assert (person[-2].removeprefix("2> ") == f"{more}: --json lists them all") is bool(more)


def test_what_is_wrong_with_every_row_is_told_of_the_first_few(tmp_path: Path) -> None:
    """Rows with the same trouble are counted; another trouble among them is still told."""
    session = Session(demo_folder(tmp_path))
    lots = session.cwd / "lots.csv"
    heads = lots.read_text(encoding="utf-8").splitlines()[0]
    bad = [f"nowhere,AAPL,{one},2010-01-04,{one}.00" for one in range(1, 21)]
    bad[10] = bad[10].replace("2010-01-04", "04.01.2010")
    lots.write_text("\n".join([heads, *bad, ""]), encoding="utf-8")

    person = [line.removeprefix("2> ") for line in session.run("trimtab status").splitlines()]

    assert "lots.csv: account: the same in 17 more rows, from line 5" in person
    assert len([line for line in person if "'nowhere'" in line]) == 3
    assert len([line for line in person if "04.01.2010" in line]) == 1


@pytest.mark.parametrize("columns", [60, 70, 80, 100, 120])
@pytest.mark.parametrize("name", ["Example", "A household whose sleeves have long names"])
def test_a_status_leaves_no_column_out_in_silence(tmp_path: Path, columns: int, name: str) -> None:
    """What each sleeve is worth is shown, or it is said that it is not and how it can be seen."""
    folder = demo_folder(tmp_path)
    toml = folder / "portfolio.toml"
    if name != "Example":
        toml.write_text(toml.read_text().replace("[target.growth]", "[target.growth_of_the_large]"))

    printed = Session(folder).run(f"COLUMNS={columns} trimtab status --as-of 2012-09-28")

    assert ("189,125.32" in printed) != ("Not shown for want of room: value" in printed)
    assert "beyond" in printed


class Counting(io.StringIO):
    """Standard error at a terminal, on which somebody waits for a word."""

    def __init__(self) -> None:
        super().__init__()
        self.told = threading.Event()

    def isatty(self) -> bool:
        """A person is there."""
        return True

    def write(self, text: str) -> int:
        """Keep the word, and say that there is one."""
        written = super().write(text)
        self.told.set()
        return written


def test_whoever_waits_is_told_what_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes long says so while it lasts, with the seconds; then the line is wiped out."""
    stream = Counting()
    monkeypatch.setattr(sys, "stderr", stream)

    with patience("searching", after=0.0):
        came = stream.told.wait(10)
        during = stream.getvalue()

    assert came
    assert "searching: 0 s" in during
    assert stream.getvalue().endswith("\r\x1b[2K")


def test_what_is_quick_or_read_by_a_program_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word before the time, or into a file, would only be in the way."""
    quick, file = Counting(), io.StringIO()

    monkeypatch.setattr(sys, "stderr", quick)
    with patience("searching", after=60.0):
        pass
    monkeypatch.setattr(sys, "stderr", file)
    with patience("searching", after=0.0):
        pass

    assert quick.getvalue() == file.getvalue() == ""


@pytest.mark.parametrize("is_person", [True, False])
def test_who_reads_a_backtest_learns_where_its_charts_are(
    monkeypatch: pytest.MonkeyPatch, is_person: bool
) -> None:
    """A terminal is told the option, unless charts were asked for; a program is not."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_person, raising=False)

    assert bool(screen.towards_charts(None, None)) == is_person
    assert screen.towards_charts(None, "charts.png") == []
