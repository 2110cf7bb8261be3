"""Every command: help with an example, a line in the overview, completion for every shell."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.console import Session
from trimtab.cli.main import COMMANDS, module_of, parser
from trimtab.model.policy import parse_to, parse_when


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, tmp_path: Path) -> None:
    """--help ends well, names the command, and shows at least one line to type."""
    printed = Session(tmp_path).run(f"trimtab {name} --help")

    assert printed.startswith(f"usage: trimtab {name}")
    assert f"\n  trimtab {name} " in printed or f"\n  trimtab {name}\n" in printed
    assert not printed.endswith("]\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_answers_programs(name: str, tmp_path: Path) -> None:
    """--json is known to every command."""
    action = " verify" if name == "ledger" else ""

    printed = Session(tmp_path).run(f"trimtab {name}{action} --help")

    assert "--json" in printed


def test_the_overview_tells_each_command_as_it_tells_itself(tmp_path: Path) -> None:
    """The one line of a command in the overview is the one that it gives of itself."""
    overview = Session(tmp_path).run("trimtab --help")

    assert all(f"{name} {line}" in " ".join(overview.split()) for name, line in COMMANDS.items())
    assert " ".join(parser().format_help().split()) == " ".join(overview.split())


@pytest.mark.parametrize("place", ["-C somewhere status", "status -C somewhere"])
def test_the_folder_may_stand_before_or_after_the_command(place: str, tmp_path: Path) -> None:
    """-C means the same wherever it stands."""
    printed = Session(tmp_path).run(f"trimtab {place}")

    assert "there is no portfolio.toml in 'somewhere'" in printed


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_knows_every_command(shell: str, tmp_path: Path) -> None:
    """Each shell's script names every command, and is one that the shell can read."""
    script = Session(tmp_path).run(f"trimtab completion {shell}")

    assert all(name in script for name in COMMANDS)
    if shutil.which(shell):
        check = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True)
        assert check.returncode == 0, check.stderr


def test_a_completion_script_is_one_json_object_for_programs(tmp_path: Path) -> None:
    """--json gives the shell and the very script that is printed without it."""
    session = Session(tmp_path)

    told = json.loads(session.run("trimtab completion bash --json"))

    assert told["shell"] == "bash"
    assert "--json" in told["script"]
    assert session.run("trimtab completion bash").strip() == told["script"].strip()


def test_every_command_can_be_parsed_alone() -> None:
    """What starts quickly, a parser of one command, is the same command as in the whole."""
    whole = parser()

    for name in COMMANDS:
        alone = parser(only=name)
        assert module_of(name).add_parser is not None
        assert name in alone.format_usage() or name in alone.format_help()
        assert name in whole.format_help()


def test_the_package_runs_as_a_module(tmp_path: Path) -> None:
    """`python -m trimtab` is the command."""
    done = subprocess.run(
        [sys.executable, "-m", "trimtab", "stauts"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "there is no command 'stauts'. Did you mean 'status'?" in done.stderr


@pytest.mark.parametrize("name", ["backtest", "sweep", "advise"])
def test_the_help_of_policies_says_what_can_be_typed(tmp_path: Path, name: str) -> None:
    """Every word that the help gives for --when and --to is one that is understood."""
    printed = Session(tmp_path).run(f"trimtab {name} --help")
    block = printed.split("when a policy acts (--when):")[1].split("examples:")[0]
    whens, tos = block.split("how far it trades (--to):")

    first = re.compile(r"^  (\S.*?)(?:  |$)", re.MULTILINE)
    acts = [word for line in first.findall(whens) for word in line.split(", ")]
    goes = [word for line in first.findall(tos) for word in line.split(", ")]

    assert {str(parse_when(word)) for word in acts} >= {"never", "annual", "drift:5pp", "breakdown"}
    assert [str(parse_to(word)) for word in goes] == ["target", "edge", "half", "within:1.75pp"]
