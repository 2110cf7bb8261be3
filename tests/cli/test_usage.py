"""Wrong usage: where an option belongs, and the answer that a program gets."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from pathlib import Path

import duckdb
import pytest

from tests.cli.console import GOLDEN, Session, golden_session
from trimtab.cli.main import COMMANDS, parser
from trimtab.cli.studied import shares_of
from trimtab.kernels import compile as kernels
from trimtab.model.errors import InputError


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """The household that trades by hand."""
    return golden_session(GOLDEN / "by-hand.console", tmp_path)


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("--json ledger verify", "trimtab ledger verify --json"),
        ("ledger --json verify", "trimtab ledger verify --json"),
        ("ledger --limit 5 show", "trimtab ledger show --limit"),
        ("--as-of 2026-03-31 plan", "trimtab plan --as-of"),
        ("--as-of=2026-03-31 plan", "trimtab plan --as-of=2026-03-31"),
        ("--json", "trimtab COMMAND --json"),
    ],
)
def test_an_option_before_its_command_is_told_its_place(
    line: str, right: str, session: Session
) -> None:
    """An option that is known behind the command is not called unknown before it."""
    printed = session.run(f"trimtab {line}")

    assert f"belongs after the command: {right}\n" in printed
    assert printed.endswith("[2]\n")


def test_an_option_that_no_command_has_is_unknown_wherever_it_stands(session: Session) -> None:
    """A slip is told as a slip, with what was probably meant."""
    printed = session.run("trimtab --jsn ledger verify")
    nothing_like_it = session.run("trimtab backtest --bogus")

    assert "there is no option '--jsn'. Did you mean '--json'?" in printed
    assert "there is no option '--bogus'.\n" in nothing_like_it


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("SPY=60,AGG", "'AGG' has no percent -> write SPY=60,AGG=40"),
        ("SPY=60,=40", "'=40' has no symbol"),
        ("SPY=60,SPY=40", "SPY stands twice -> write its whole percent once"),
        ("SPY=160,AGG=-60", "'AGG=-60' is below zero -> write SPY=60,AGG=40; --short allows it"),
    ],
)
def test_a_slip_in_a_target_has_one_cause(target: str, said: str) -> None:
    """What is wrong with a part of it is told, and not what might be."""
    with pytest.raises(InputError) as raised:
        shares_of(target, "--target")

    assert said in str(raised.value)


@pytest.mark.parametrize("command", ["optimize", "frontier"])
def test_the_beginning_of_an_option_is_told_its_end(command: str, session: Session) -> None:
    """What options begin with is nearer to them than what looks like it by letters."""
    printed = session.run(f"trimtab {command} --max 3")

    assert "'--max-names'" in printed
    assert "'--fx'" not in printed


@pytest.mark.parametrize(
    "line",
    [
        "stauts --json",
        "plan --json --expain",
        "plan --as-of today --json",
        "plan --json more",
        "apply --json",
        "ledger --json",
        "--json ledger verify",
        "ledger show --json --limit 0",
    ],
)
def test_wrong_usage_answers_a_program_in_json(line: str, session: Session) -> None:
    """With --json anywhere, standard output is one error object; the exit code stays 2."""
    printed = session.run(f"trimtab {line}")
    out = "\n".join(one for one in printed.splitlines()[:-1] if not one.startswith("2> "))

    told = json.loads(out)

    assert list(told) == ["error"]
    assert f"2> {told['error']}\n" in printed
    assert printed.endswith("[2]\n")


def test_a_bug_answers_a_program_in_json(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is an error object too, so that no program reads an empty answer."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("trimtab.live.book.open_book", broken)

    printed = session.run("trimtab status --json")

    assert printed.startswith('{\n  "error": "this is a bug in Trimtab')
    assert printed.endswith("[1]\n")


@pytest.mark.parametrize("action", ["verify", "show", "prove", "correct", "checkpoint"])
def test_each_action_of_the_ledger_has_its_own_examples(action: str, session: Session) -> None:
    """Help on an action shows lines of that action and of no other."""
    printed = session.run(f"trimtab ledger {action} --help")
    examples = printed.partition("examples:\n")[2].splitlines()

    typed = [line for line in examples if line.startswith("  trimtab ")]

    assert typed
    assert all(line.startswith(f"  trimtab ledger {action}") for line in typed)


@pytest.mark.parametrize(
    "line",
    [
        "plan --deposit rth=5 --withdraw brokrage=4 --price STCK=3 --as-of 2099-01-04",
        "plan --price STCK=3 --withdraw brokrage=4 --deposit rth=5 --as-of 2099-01-04 --json",
    ],
)
def test_all_that_is_unknown_is_told_at_once(line: str, session: Session) -> None:
    """An unknown account does not hide an unknown symbol, nor either of them a wrong day."""
    printed = session.run(f"trimtab {line}")

    assert "2> a deposit was named for rth, which is no account" in printed
    assert "2> a withdrawal was named for brokrage, which is no account" in printed
    assert "2> a price was given for STCK, which is in no hold list" in printed
    assert "2> 2099-01-04 is in the future" in printed


def test_who_waits_for_machine_code_is_told_why(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that compiles says so, terminal or not, before it does, and once."""

    def slow(_: object) -> int:
        kernels._compiling()
        kernels._compiling()
        return 0

    monkeypatch.setattr("trimtab.cli.batch.run", slow)
    session.tells_compiling = True

    printed = session.run("trimtab batch book.parquet --out run")

    assert printed.startswith("2> Compiling for this machine")
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ledger show abc", "argument ENTRY: 'abc' is not a whole number"),
        ("sweep --top many", "argument --top: 'many' is not a whole number"),
        ("halt ira --reason", "argument --reason: its value has to follow"),
        ("batch folder --out run", "folder: it is a folder -> name a Parquet file"),
        ("batch nowhere --out run", "nowhere: there is no such file -> name a Parquet file"),
        (
            "batch b.parquet --targets folder --out run",
            "folder: it is a folder -> name a Parquet file",
        ),
    ],
)
def test_a_slip_is_told_in_words_of_the_user(line: str, told: str, session: Session) -> None:
    """No message speaks of types of Python, or of the library that reads a file."""
    (session.cwd / "folder").mkdir()
    duckdb.sql(
        "COPY (SELECT 'a' AS account, 'USD' AS symbol, '1' AS quantity, '' AS acquired, "
        f"'' AS cost_basis) TO '{session.cwd / 'b.parquet'}'"
    )

    printed = session.run(f"trimtab {line}")

    assert told in " ".join(printed.split())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("plan --deposit ira=5 --deposit ira=6.50", "5 and 6.50: give it once, ira=11.50 if"),
        ("plan --withdraw ira=5 --withdraw ira=5", "5 and 5: give it once, ira=10 if"),
        ("plan --price VTI=5 --price VTI=6", "VTI is given twice, 5 and 6: give it once\n"),
        ("status --price VTI=5 --price VTI=6", "VTI is given twice, 5 and 6: give it once\n"),
    ],
)
def test_an_amount_or_a_price_that_is_given_twice_is_wrong_usage(
    line: str, told: str, session: Session
) -> None:
    """Which of two was meant, or both, nobody knows: neither is added or dropped in silence."""
    printed = session.run(f"trimtab {line}")

    assert told in printed
    assert printed.endswith("[2]\n")


def test_amounts_for_several_accounts_are_several(session: Session) -> None:
    """The option is repeatable, a name each."""
    printed = session.run("trimtab plan --now --deposit ira=500 --deposit brokerage=600")

    assert "a deposit of 1,100.00" in printed


@pytest.mark.parametrize("command", COMMANDS)
def test_what_help_shows_as_an_example_is_understood(command: str) -> None:
    """Every command has an example, and no example has an option or a value that is refused."""
    whole = parser()
    own = next(one for one in whole._actions if isinstance(one, argparse._SubParsersAction))
    printed = own.choices[command].format_help()
    shown = [line for line in printed.splitlines() if line.startswith("  trimtab ")]

    typed = [shlex.split(re.split(r"\s{2,}| (?:>|\|\|) ", line.strip())[0]) for line in shown]
    read = [whole.parse_args(words[1:]).command for words in typed]

    assert command in read
