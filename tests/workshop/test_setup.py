"""Setting up: what is missing is told with its remedy, and what is there is left alone."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("cat", "cksum", "dirname", "grep", "sh", "tail")
#: A Python of the right age whose venv module is not installed, as Debian ships it.
NO_VENV = f'case "$2" in *ensurepip*) exit 1;; esac\nexec "{sys.executable}" "$@"'
OLD = 'if [ "$1" = --version ]; then echo Python 3.9.2; exit 0; fi\nexit 1'
BROKEN_SHIM = "echo no such version >&2\nexit 127"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone without .venv, beside a folder with the few tools that the script needs."""
    folder = tmp_path / "clone"
    (folder / "scripts").mkdir(parents=True)
    for name in ("pyproject.toml", "constraints.txt", "scripts/setup.sh"):
        shutil.copy(ROOT / name, folder / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"{tool} is on every machine that has a shell"
        (tmp_path / "bin" / tool).symlink_to(found)
    return folder


def set_up(clone: Path, need: str = "core", **programs: str) -> subprocess.CompletedProcess[str]:
    """Run the script with nothing on the path but the tools and these programs."""
    path = clone.parent / "bin"
    for name, body in programs.items():
        program = path / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        program.chmod(0o755)
    return subprocess.run(
        ["sh", "scripts/setup.sh", need],
        cwd=clone,
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("programs", "told"),
    [
        ({}, ["3.11 or newer", "found none that runs", "apt-get install -y python3 python3-venv"]),
        ({"python3": BROKEN_SHIM}, ["found none that runs", "apt-get install -y python3"]),
        ({"python3": OLD}, ["found Python 3.9.2", "apt-get install -y python3.11 python3.11-venv"]),
        ({"python3": NO_VENV}, ["venv and ensurepip", "apt-get install -y python3-venv"]),
    ],
    ids=["no python", "a shim that fails", "an old python", "no venv module"],
)
def test_what_is_missing_is_told_with_the_line_that_installs_it(
    clone: Path, programs: dict[str, str], told: list[str]
) -> None:
    """Each thing that a machine can lack stops the set-up with its own remedy, not half-way."""
    run = set_up(clone, apt_get="exit 0", **programs)

    assert run.returncode == 1
    assert [words for words in told if words not in run.stderr] == []
    assert run.stdout == ""
    assert not (clone / ".venv").exists()


def test_without_apt_the_remedy_is_that_of_the_machine(clone: Path) -> None:
    """On a machine without apt-get no apt-get line is told."""
    run = set_up(clone, brew="exit 0")

    assert "brew install python" in run.stderr
    assert "apt-get" not in run.stderr


def test_a_set_up_that_is_up_to_date_does_nothing_and_says_nothing(clone: Path) -> None:
    """With a working .venv and unchanged requirements nothing is installed; a change is."""
    python = clone / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    no_install = f'case "$*" in *"pip install"*) exit 9;; esac\nexec "{sys.executable}" "$@"'
    python.write_text(f"#!/bin/sh\n{no_install}\n", encoding="utf-8")
    python.chmod(0o755)
    state = "{ pwd; cat pyproject.toml constraints.txt; } | cksum > .venv/.trimtab-dev"
    subprocess.run(["sh", "-c", state], cwd=clone, check=True)

    unchanged = set_up(clone)
    with (clone / "constraints.txt").open("a", encoding="utf-8") as text:
        text.write("another==1.0\n")
    changed = set_up(clone)

    assert (unchanged.returncode, unchanged.stdout, unchanged.stderr) == (0, "", "")
    assert changed.returncode == 1
    assert "Installing failed" in changed.stderr


def test_constraints_name_versions_and_nothing_else() -> None:
    """Every line is a name and a version: no host, no path, no hash of one index."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

    pins = [line for line in lines if not line.startswith("#")]

    assert len(pins) > 10
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.+]*", pin)] == []


def test_every_dependency_is_pinned() -> None:
    """What pyproject.toml asks for, constraints.txt gives a version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["dev"], *extras["frames"]]
    names = {re.split(r"[<>=!\[; ]", line)[0].lower().replace("_", "-") for line in asked}

    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = {line.split("==")[0] for line in text.splitlines()}

    assert names - pinned == set()


@pytest.mark.parametrize("target", ["demo", "test", "lint", "bench", "docs", "setup", "clean"])
def test_the_makefile_has_the_promised_targets(target: str) -> None:
    """Every target that the documentation names exists, and is told by `make`."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert re.search(rf"^{target}:", text, re.MULTILINE)
    assert re.search(rf'@echo "make {target} ', text)


def test_the_typed_package_says_so() -> None:
    """py.typed ships, so that users' type checkers read the annotations."""
    assert (ROOT / "src" / "trimtab" / "py.typed").is_file()
