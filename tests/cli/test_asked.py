"""What stops a command is told by its options; the same in Python by its arguments."""

from __future__ import annotations

import ast
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import trimtab as tt
from tests.cli.console import Session, demo_folder
from trimtab.cli.asked import asked_by_options
from trimtab.model.errors import OptionError

PRICES = "date,A,B\n" + "".join(
    f"2024-01-{day:02d},{100 + day},{50 + day if day < 12 else ''}\n" for day in range(1, 31)
)
LINE = "trimtab backtest --prices prices.csv --target A=60,B=40"
HALVES = tt.Policy({"A": 0.6, "B": 0.4})


@pytest.mark.parametrize(
    ("options", "command_says", "arguments", "python_says"),
    [
        (
            "--start 2025-01-01",
            "--start: prices are from",
            {"start": date(2025, 1, 1)},
            "prices.csv: start: prices are from",
        ),
        (
            "--start 2024-01-09 --end 2024-01-08",
            "swap `--start` and `--end`",
            {"start": date(2024, 1, 9), "end": date(2024, 1, 8)},
            "swap `start` and `end`",
        ),
        ("", "stop by then with `--end`, or say what became of it with `--delisted`", {}, "`end`"),
        (
            "--dividends hold --end 2024-01-10",
            "or say `--dividends reinvest`",
            {"dividends": "hold", "end": date(2024, 1, 10)},
            "`dividends=reinvest`",
        ),
        ("--loan-rate 5", "--loan-rate: there are", {"loan_rate": 0.05}, "loan_rate: there are"),
        ("--missing keep", "--missing 'keep': drop,", {"missing": "keep"}, "missing 'keep': drop,"),
    ],
)
def test_an_argument_is_named_as_it_was_asked_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: str,
    command_says: str,
    arguments: dict[str, object],
    python_says: str,
) -> None:
    """One error, in options for whoever typed a command line and in keywords for Python."""
    (tmp_path / "prices.csv").write_text(PRICES)
    monkeypatch.chdir(tmp_path)

    typed = Session(tmp_path).run(f"{LINE} {options}")
    with pytest.raises(tt.InputError) as caught:
        tt.backtest("prices.csv", HALVES, **arguments)

    assert command_says in typed
    assert python_says in str(caught.value)
    assert "--" not in str(caught.value)


def test_what_a_command_has_no_option_for_stays_as_it_is() -> None:
    """Words in backticks that are no option of the command, as a policy's, are left alone."""
    error = OptionError("warmup -1: as `edge` has, or `warmup=3`; or `cash`")

    told = asked_by_options(error, ["--cash"])

    assert str(told) == "warmup -1: as `edge` has, or `warmup=3`; or `--cash`"


def _mixed(folder: Path) -> Path:
    """Prices of SPY and AGG in dollars and of DAX in euros, over 80 days."""
    rows = ["date,symbol,close,currency"]
    rows += [
        f"2024-{month:02d}-{day:02d},{symbol},{base + step * day % 7},{code}"
        for month in (1, 2, 3, 4)
        for day in range(1, 21)
        for symbol, base, step, code in (
            ("SPY", 100, 3, "USD"), ("AGG", 50, 2, "USD"), ("DAX", 80, 5, "EUR"),
        )
    ]  # fmt: skip
    path = folder / "prices.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def _rounded(printed: str) -> Any:
    return json.loads(printed, parse_float=lambda number: round(float(number), 9))


def test_prices_in_several_currencies_name_the_option(tmp_path: Path) -> None:
    """How prices are brought to one currency is said by `--currency` and `--fx`."""
    _mixed(tmp_path)

    told = Session(tmp_path).run("trimtab backtest --prices prices.csv --target SPY=60,DAX=40")

    assert "--currency: prices in several currencies: EUR, USD (DAX in EUR; SPY in USD)" in told
    assert "`--currency USD`, and the rates with `--fx`" in told


@pytest.mark.parametrize(
    "line",
    [
        "backtest --prices prices.csv --target SPY=60,AGG=40 --json",
        "optimize --prices prices.csv --exclude DAX --json",
        "frontier --prices prices.csv --exclude DAX --points 3 --json",
    ],
)
def test_only_what_is_used_has_to_be_in_one_currency(tmp_path: Path, line: str) -> None:
    """What a file has in other currencies and nobody asked for stands in nobody's way, and changes
    no figure.
    """
    path = _mixed(tmp_path)
    found = _rounded(Session(tmp_path).run(f"trimtab {line}"))
    kept = [row for row in path.read_text().splitlines() if "DAX" not in row]
    path.write_text("\n".join(kept) + "\n")

    alone = _rounded(Session(tmp_path).run(f"trimtab {line.replace(' --exclude DAX', '')}"))

    assert found.get("weights", {}).pop("DAX", 0.0) == 0.0
    assert found.get("risk_shares", {}).pop("DAX", 0.0) == 0.0
    assert found == alone


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("backtest --target SPX=60,DAX=30,AGG=5", ["--target: SPX", "adds up to 95"]),
        ("sweep --target SPX=60,DAX=30,AGG=10 --other-target DAXX=100", ["--other-target: DAXX"]),
        ("advise --target SPX=60,DAX=30,AGG=10", ["--target: SPX"]),
        ("optimize --exclude SPX", ["--exclude: SPX"]),
        ("frontier --exclude AGGG --weights SPX=60,AGG=30", ["AGGG", "adds up to 90"]),
    ],
)
def test_all_that_is_wrong_with_a_target_is_told_at_once(
    tmp_path: Path, line: str, said: list[str]
) -> None:
    """Mistyped symbols stand first, each with the one that is meant; then currencies and sums."""
    _mixed(tmp_path)

    told = Session(tmp_path).run(f"trimtab {line} --prices prices.csv")

    assert "has no prices -> did you mean" in told.splitlines()[0]
    assert "prices in several currencies: EUR, USD" in told
    for one in said:
        assert one in told


def test_in_python_as_well_only_what_is_used_has_to_be_in_one_currency(tmp_path: Path) -> None:
    """A policy of two dollar funds runs over a file with a euro index; one that may look at all
    of it does not.
    """
    path = _mixed(tmp_path)
    policy = tt.Policy({"SPY": 0.6, "AGG": 0.4})

    assert tt.backtest(path, policy).policies[0].sessions == 80
    with pytest.raises(tt.InputError, match="several currencies"):
        tt.backtest(path, tt.Policy(lambda view: {"SPY": 1.0}))


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("A=0.6,B=0.4", "did you mean A=60,B=40?"),
        ("A=0.125,B=0.875", "did you mean A=12.5,B=87.5?"),
        ("A=0.333,B=0.333,CASH=0.333", "did you mean A=33.3,B=33.3,CASH=33.3?"),
        ("A=0.6", "did you mean A=60?"),
        ("A=60,B=0.4", "the rest may be CASH"),
    ],
)
def test_fractions_where_percent_is_meant_are_told(tmp_path: Path, target: str, said: str) -> None:
    """A target that sums to 1 and not to 100 is shown as the percent that was probably meant."""
    (tmp_path / "prices.csv").write_text(PRICES)

    told = Session(tmp_path).run(f"trimtab backtest --prices prices.csv --target {target}")

    assert said in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--when montly", "--when 'montly': 'montly' is not known; did you mean 'monthly'?"),
        ("--policy montly", "when 'montly': 'montly' is not known; did you mean 'monthly'?"),
        ("--when xyzzy", "'xyzzy' is not known; valid are never, daily"),
        ("--to hlf", "--to 'hlf': 'hlf' is not known; did you mean 'half'?"),
    ],
)
def test_a_mistyped_policy_has_one_remedy(tmp_path: Path, words: str, said: str) -> None:
    """The nearest word, or all there are: never both; and the option where it was typed by one."""
    (tmp_path / "prices.csv").write_text(PRICES)

    told = Session(tmp_path).run(f"{LINE} {words}")

    assert said in told
    assert ("valid are" in told) != ("did you mean" in told)
    assert ("2> --" in told) == (not words.startswith("--policy"))


def test_no_message_of_account_mode_names_an_option() -> None:
    """Rooms below speak of arguments in backticks; only the command line knows its options."""
    package = Path(tt.__file__).parent
    files = [*(package / "simulate" / "accounts").glob("*.py")]
    files += [package / "live" / name for name in ("history.py", "exchange.py", "ended_prices.py")]
    wrong = []
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        docs = {ast.get_docstring(one, clean=False) for one in ast.walk(tree)
                if isinstance(one, ast.Module | ast.ClassDef | ast.FunctionDef)}  # fmt: skip
        texts = (one.value for one in ast.walk(tree) if isinstance(one, ast.Constant))
        wrong += [
            f"{file.name}: {text}"
            for text in texts
            if isinstance(text, str) and text not in docs and re.search(r"(?<![\w-])--[a-z]", text)
        ]

    assert not wrong


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--delisted XYZ", "`--delisted` XYZ: no instrument"),
        ("--trade-at next-open", "or say `--trade-at next-close`"),
    ],
)
def test_account_mode_refuses_in_the_words_that_were_typed(
    options: str, said: str, tmp_path: Path
) -> None:
    """Also where the refusal comes from below, and names arguments as Python does."""
    session = Session(demo_folder(tmp_path))

    text = session.run(f"trimtab backtest --account-mode --start 2012-01-03 {options}")

    assert said in " ".join(text.split())


def test_findings_of_account_mode_name_what_their_reader_can_say(tmp_path: Path) -> None:
    """An option for whoever typed a command, an argument in Python."""
    folder = demo_folder(tmp_path)
    span = "--start 2012-01-03 --end 2012-12-31 --policy never"

    typed = Session(folder).run(f"trimtab backtest --account-mode {span}")
    called = tt.open(folder).backtest(["never"], start="2012-01-03", end="2012-12-31").summary()

    assert "`--dividends reinvest`" in " ".join(typed.split())
    assert "`dividends=reinvest`" in called
