"""Standard output is for what a command prints, and for nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.console import demo_folder

NOISY = """
import ctypes, os, sys
from trimtab.cli.main import main
from trimtab.engine import highs

solver, solve = highs._solver, highs._solve

def talkative(*args):
    made = solver(*args)
    made.setOptionValue("output_flag", True)
    return made

def printing(*args):
    os.write(1, b"written to the first descriptor\\n")
    ctypes.CDLL(None).puts(b"transformNewIntegerFeasibleSolution tmpSolver.run();")
    sys.stderr.write("solved ")
    return solve(*args)

highs._solver, highs._solve = talkative, printing
sys.argv[1:] = ["plan", *sys.argv[1:], "--as-of", "2012-09-28"]
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="prints through the C library of the system")
def test_no_library_prints_into_a_plan(tmp_path: Path) -> None:
    """Whatever a solver prints past Python, `plan --json` is one JSON object and nothing else."""
    folder = demo_folder(tmp_path)

    done = subprocess.run(
        [sys.executable, "-c", NOISY, "--json"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "solved" in done.stderr
    assert "tmpSolver" not in done.stderr
    assert json.loads(done.stdout)["trades"]


def test_what_is_printed_is_encoded_as_before(tmp_path: Path) -> None:
    """Pipes and files are written in the encoding that was asked for, what it lacks as a code."""
    folder = demo_folder(tmp_path)

    done = subprocess.run(
        [sys.executable, "-m", "trimtab", "plan", "--as-of", "2012-09-28"],
        cwd=folder, capture_output=True, check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip

    assert done.stdout.isascii()
    assert b"nothing has been traded" in done.stdout


def test_a_command_without_standard_output_still_runs(tmp_path: Path) -> None:
    """A shell that closed standard output gets its exit code and no traceback."""
    folder = demo_folder(tmp_path)

    done = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m trimtab status --as-of 2012-09-28 >&-"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0
    assert done.stderr == ""
