"""What the page on targets that move by a rule shows is so."""

from __future__ import annotations

import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from tests.cli.console import BLOCK
from trimtab.cli.main import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rules.md"


def blocks(kind: str) -> list[str]:
    """The blocks of a kind, in the order of the page."""
    return [text for of, text in BLOCK.findall(PAGE.read_text("utf-8")) if of == kind]


def test_the_python_runs() -> None:
    """Each block by itself, and its assertions hold."""
    for block in blocks("python"):
        exec(compile(block, PAGE.name, "exec"), {})

    assert blocks("python")


def test_the_plan_says_what_the_page_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo portfolio with the page's tilt and series; further signals may stand beside it."""
    packaged = Path(str(files("trimtab.data") / "demo"))
    shutil.copytree(packaged / "portfolio", tmp_path, dirs_exist_ok=True)
    shutil.copyfile(packaged / "prices.csv", tmp_path / "prices.csv")
    (tmp_path / "vix.csv").write_text(blocks("csv")[0])
    toml = (tmp_path / "portfolio.toml").read_text()
    tilt, more = (text for text in blocks("toml") if "[target.tilt." in text)
    cppi = next(text for text in blocks("toml") if "[target.cppi]" in text)
    shown, insured = re.findall(r"```\n(Target .*?)```", PAGE.read_text("utf-8"), re.DOTALL)

    (tmp_path / "portfolio.toml").write_text(toml + tilt)
    assert main(["-C", str(tmp_path), "status", "--as-of", "2012-09-28"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    (tmp_path / "portfolio.toml").write_text(toml + tilt + more)
    assert main(["-C", str(tmp_path), "status", "--as-of", "2012-09-28"]) == 0
    both = " ".join(capsys.readouterr().out.split())
    (tmp_path / "portfolio.toml").write_text(toml + cppi)
    assert main(["-C", str(tmp_path), "status", "--as-of", "2012-09-28"]) == 0
    safe = " ".join(capsys.readouterr().out.split())

    assert " ".join(shown.split()) in said
    assert " ".join(insured.split()) in safe
    assert "tilt by fear, pace, way, monthly" in both
