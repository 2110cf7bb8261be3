"""What is written of the studies: texts, pictures, and the table that leads to them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest

from studies.__main__ import NAMES
from studies.chart import Axis, Line, chart
from studies.finding import HOME, Finding, opening, resampled, spread, table_text, wrapped, write
from studies.source import par_bond_growth
from tests.studies.as_written import differing

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", NAMES)
def test_a_study_s_text_is_the_one_its_script_writes(name: str) -> None:
    """A text on file begins with what its script says now, and its picture is there and whole."""
    module = import_module(f"studies.{name}")

    text = (HOME / f"{name}.md").read_text(encoding="utf-8")
    picture = ElementTree.parse(HOME / f"{name}.svg").getroot()

    assert text.startswith(opening(module))
    assert f"({name}.svg)" in text
    assert picture.findall(f"{SVG}polyline")


def test_a_figure_a_word_and_a_point_that_changed_are_noticed(tmp_path: Path) -> None:
    """What holds a text to its study takes a last digit that rounds otherwise, and nothing more."""
    module = ModuleType("studies.example", "A title.\n\nA question?\n")
    picture = '<svg xmlns="http://www.w3.org/2000/svg"><polyline points="1.0,2.0 3.0,{}"/></svg>'

    def made(text: str, point: str = "4.0") -> Finding:
        return Finding({}, text, {"": picture.format(point)})

    write(module, made("Bands took 0.39% of 1,008."), tmp_path)

    assert not differing(module, made("Bands took\n0.40% of 1,008.", "4.5"), tmp_path)
    assert differing(module, made("Bands took 0.41% of 1,008."), tmp_path)
    assert differing(module, made("Bands took 0.39% of 1,018."), tmp_path)
    assert differing(module, made("Bands gave 0.39% of 1,008."), tmp_path)
    assert differing(module, made("Bands took 0.39% of 1,008.", "14.0"), tmp_path)


def test_every_study_stands_in_the_documentation() -> None:
    """Both pages lead to every study, and of each it is said how long it takes."""
    text = (HOME.parent / "docs" / "studies.md").read_text(encoding="utf-8")
    scripts = {file.stem for file in HOME.glob("*.py") if "def study(" in file.read_text("utf-8")}
    page = (HOME / "README.md").read_text(encoding="utf-8")

    assert scripts == set(NAMES)
    assert all(page.count(f"[{name}]({name}.md)") == 1 for name in NAMES)
    assert all(name in page.split("## To run them")[1] for name in NAMES)
    assert all(f"(../studies/{name}.md)" in text for name in NAMES)


def test_what_is_written_holds_text_tables_and_pictures(tmp_path: Path) -> None:
    """A finding is written as one text that shows its pictures, tables left in their lines."""
    module = ModuleType("studies.example", "A title.\n\nA question?\n")
    table = table_text(["policy", "growth"], [["annual", "7%"]])
    found = Finding({}, f"{table}\n\n{'word ' * 40}", {"": "<svg/>"})

    files = write(module, found, tmp_path)

    text = files[0].read_text(encoding="utf-8")
    assert [file.name for file in files] == ["example.md", "example.svg"]
    assert text.startswith("# A title\n\nA question?\n")
    assert "| policy | growth |\n|---|---:|\n| annual | 7% |" in text
    assert max(len(line) for line in text.splitlines()) <= 100
    assert wrapped("| a |\n|---|") == "| a |\n|---|"


def test_a_chart_puts_points_where_their_values_are() -> None:
    """On a logarithmic axis equal ratios are equal distances; more is higher up; all are inside."""
    line = Line("found & <kept>", [1, 10, 100], [1.0, 2.0, 3.0])

    root = ElementTree.fromstring(chart("Title", Axis("x", log=True), Axis("y"), [line]))

    drawn = root.find(f"{SVG}polyline")
    assert drawn is not None
    points = [tuple(map(float, pair.split(","))) for pair in drawn.attrib["points"].split()]
    across, down = zip(*points, strict=True)
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2)
    assert down[0] > down[1] > down[2]
    assert all(0 < x < 720 and 80 < y < 440 for x, y in points)
    assert "found & <kept>" in [text.text for text in root.findall(f"{SVG}text")]


def test_an_interval_covers_the_mean_as_often_as_it_says() -> None:
    """Of 95% intervals of a mean, made from samples, about 95% hold the true one."""
    generator = np.random.default_rng(4)
    samples = generator.standard_normal((200, 100))

    held = [resampled(one, lambda mean: float(mean)).holds(0.0) for one in samples]

    assert 0.88 < np.mean(held) < 0.99


def test_an_estimate_is_written_with_its_interval() -> None:
    """A figure with an interval is formatted as one, all three parts alike."""
    found = spread(np.arange(101.0), 40.0)

    assert f"{found:.1f}" == "40.0 [2.5, 97.5]"


def test_a_par_bond_earns_its_yield_and_falls_when_yields_rise() -> None:
    """A steady yield is what a year earns; one that jumps by a point costs seven per cent."""
    steady = par_bond_growth([0.06] * 13)
    jumped = par_bond_growth([0.06, 0.07])

    assert steady[-1] == pytest.approx(1.03**2)
    assert jumped[-1] - 1 == pytest.approx(-0.0711 + 0.07 / 12, abs=0.001)
