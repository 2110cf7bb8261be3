"""What stops a command is told by its options; the same in Python by its arguments."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import trimtab as tt
from tests.cli.console import Session
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


def test_prices_in_several_currencies_name_the_option(tmp_path: Path) -> None:
    """How prices are brought to one currency is said by `--currency` and `--fx`."""
    rows = ["date,symbol,close,currency"]
    rows += [
        f"2024-01-0{day},{s},10{day},{c}" for day in (2, 3) for s, c in (("A", "USD"), ("B", "EUR"))
    ]
    (tmp_path / "prices.csv").write_text("\n".join(rows) + "\n")

    told = Session(tmp_path).run(LINE)

    assert "--currency: prices in several currencies: EUR, USD" in told
    assert "`--currency USD`, and the rates with `--fx`" in told


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("A=0.6,B=0.4", "did you mean A=60,B=40?"),
        ("A=0.125,B=0.875", "did you mean A=12.5,B=87.5?"),
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
