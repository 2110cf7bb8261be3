"""Starting is quick because nothing is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.console import demo_folder

#: What no help text needs; `typing` alone takes 5 ms.
NOT_FOR_HELP = {
    "cryptography", "dataclasses", "decimal", "duckdb", "highspy", "json", "numba", "numpy",
    "pandas", "polars", "pydantic", "rich", "scipy", "shtab", "shutil", "typing",
}  # fmt: skip
#: What no plan needs; HiGHS, without the package around it, is for several accounts.
NOT_FOR_A_PLAN = {
    "cryptography", "difflib", "duckdb", "highspy", "importlib.resources", "numba", "numpy",
    "pandas", "polars", "pyarrow", "pydantic", "rich", "scipy", "secrets", "sqlite3",
    "zipfile",
}  # fmt: skip


def loaded(arguments: list[str], cwd: Path) -> set[str]:
    """The modules that a command line brings in."""
    code = (
        "import sys\n"
        "from trimtab.cli.main import main\n"
        f"code = main({arguments!r})\n"
        "sys.stderr.write(' '.join(sorted(sys.modules)))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def bare(cwd: Path) -> set[str]:
    """What Python itself brings in."""
    code = "import sys; sys.stderr.write(' '.join(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["plan", "--help"], ["ledger", "verify", "--help"], ["--version"]]
)
def test_help_needs_next_to_nothing(arguments: list[str], tmp_path: Path) -> None:
    """No help text waits for a library."""
    found = loaded(arguments, tmp_path) - bare(tmp_path)

    assert found & NOT_FOR_HELP == set()


@pytest.mark.parametrize("arguments", [["plan"], ["plan", "--json"], ["status"]])
def test_a_plan_needs_no_compiler_and_no_frames(arguments: list[str], tmp_path: Path) -> None:
    """One household is planned without numba, pandas, scipy and the like."""
    folder = demo_folder(tmp_path)

    found = loaded([*arguments, "--as-of", "2012-09-28"], folder)

    assert found & NOT_FOR_A_PLAN == set()


def test_one_account_needs_no_arrays(tmp_path: Path) -> None:
    """A plan for one account is walked without numpy and without a solver."""
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "portfolio.toml").write_text(
        'prices = "prices.csv"\nopened = 2026-03-31\n'
        '[accounts.a]\ntax = "roth"\n'
        '[target.stocks]\npercent = 60\nhold = ["S"]\n'
        '[target.bonds]\npercent = 40\nhold = ["B"]\n'
        '[policy]\nwhen = "monthly"\n'
    )
    (folder / "lots.csv").write_text(
        "account,symbol,quantity,acquired,cost_basis\na,S,10,,\na,B,10,,\n"
    )
    (folder / "prices.csv").write_text(
        "date,symbol,close\n2026-03-31,S,200.50\n2026-03-31,B,100.00\n"
    )

    found = loaded(["plan"], folder)

    assert found & {"numpy", "highspy", "numba"} == set()


def test_importing_the_package_imports_nothing_else(tmp_path: Path) -> None:
    """`import trimtab` costs nothing until a name is used."""
    code = "import trimtab, sys; sys.stderr.write(' '.join(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    own = {name for name in done.stderr.split() if name.startswith("trimtab.")}

    assert own == set()
