"""What the README shows is what a reader gets."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from tests.cli.console import BLOCK, PERSON, Session, alike, demo_folder, replayed
from trimtab.cli.main import COMMANDS

README = Path(__file__).resolve().parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    """The code of the README in a language."""
    return [code for kind, code in BLOCK.findall(README.read_text("utf-8")) if kind == language]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Where somebody stands who ran every command of the README in its order, and what they saw."""
    place = tmp_path_factory.mktemp("readme")
    session = Session(demo_folder(place), {"TRIMTAB_HOME": str(place / "home"), **PERSON})
    return place, [replayed(shown, session) for shown in blocks("console")]


def test_the_console_prints_what_the_readme_shows(followed: tuple[Path, list[str]]) -> None:
    """Every command of the README, run in its order, prints what stands under it."""
    _, printed = followed

    assert [alike(text) for text in printed] == [alike(shown) for shown in blocks("console")]


def test_the_first_five_minutes_run(tmp_path: Path) -> None:
    """A new folder has a status and a plan as it stands."""
    commands = next(code for code in blocks("sh") if code.startswith("trimtab init"))
    session = Session(tmp_path, {"TRIMTAB_HOME": str(tmp_path / "home"), **PERSON})

    printed = [session.run(line) for line in commands.splitlines()]

    assert not any(text.rstrip().endswith("]") for text in printed)
    assert all(text for text, line in zip(printed, commands.splitlines(), strict=True)
               if not line.startswith("cd "))  # fmt: skip


def test_the_python_of_the_readme_runs(
    followed: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the commands above them, the examples in Python print what stands under them."""
    place, _ = followed
    monkeypatch.chdir(place)
    parser, runner = (
        doctest.DocTestParser(),
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE),
    )

    for code in blocks("python"):
        example = parser.get_doctest(code, {}, "README.md", str(README), 0)
        assert example.examples
        runner.run(example)

    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "docs/index.md"])
def test_every_link_leads_somewhere(name: str) -> None:
    """A link to a file of the project is a file of the project."""
    page = README.parent / name
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_command_stands_in_the_readme() -> None:
    """What can be typed is told."""
    text = README.read_text("utf-8")

    assert [name for name in COMMANDS if f"`{name}" not in text and f", `{name}" not in text] == []
