"""The figures of a report as pictures: which there are, and what is drawn in them."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.simulate.markets import lively
from trimtab.costs import Costs
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.policy import Policy
from trimtab.reports.figures_png import overview, pictures, png
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.uncertainty.bootstrap import bootstrap


@pytest.fixture
def result() -> Backtest:
    """Two policies, one with a name that would be a formula."""
    target = {"A": 0.6, "B": 0.4}
    policies = [Policy(target, "monthly"), Policy(target, "band:5pp", "half", "$x^{$ half")]
    return backtest(lively("AB", 300), policies, costs=Costs(bps=10))


@pytest.fixture
def _with_matplotlib() -> None:
    pytest.importorskip("matplotlib", reason="pictures are an extra: trimtab[plot]")


@pytest.mark.usefixtures("_with_matplotlib")
def test_every_figure_of_the_report_has_a_picture(result: Backtest) -> None:
    """Figures are PNG, and the same result gives the same bytes."""
    outcomes = bootstrap(result, paths=20, threads=1)

    drawn = pictures(result, outcomes)

    names = ["growth", "growth_log", "falls", "drift", "turnover", "costs", "outcomes"]
    assert list(drawn) == [*names, "differences", "weights_1", "weights_2"]
    written = {name: png(figure) for name, figure in drawn.items()}
    assert all(one.startswith(b"\x89PNG\r\n") for one in written.values())
    assert png(pictures(result, outcomes)["growth"]) == written["growth"]
    assert list(pictures(result)) == [*names[:-1], "weights_1", "weights_2"]


@pytest.mark.usefixtures("_with_matplotlib")
def test_curves_are_the_values_of_the_result(result: Backtest) -> None:
    """What is drawn as growth is the equity, session by session, one curve a policy."""
    (axes,) = pictures(result)["growth"].axes

    for line, one in zip(axes.lines, result, strict=True):
        assert np.array_equal(np.asarray(line.get_ydata()), one.value)


@pytest.mark.usefixtures("_with_matplotlib")
def test_axes_say_their_scale(result: Backtest) -> None:
    """A log axis has two numbers or more, and shares no decimals that they have not."""
    drawn = pictures(result)
    for figure in drawn.values():
        figure.draw_without_rendering()

    (logged,), (fallen,) = drawn["growth_log"].axes, drawn["falls"].axes
    low, high = logged.get_ylim()
    assert sum(low <= at <= high for at in logged.get_yticks()) >= 2
    assert not any(text.get_text().endswith(".0%") for text in fallen.get_yticklabels())


@pytest.mark.usefixtures("_with_matplotlib")
def test_what_happened_to_instruments_is_in_pictures_too(result: Backtest) -> None:
    """A listing has its dotted line and its name on growth, falls and drift."""
    day = result.policies[0].dates[50].astype("datetime64[D]").item()
    told = replace(result, findings=(Finding("listed-late", "B", "", on=day),))

    drawn = pictures(told)

    for name in ("growth", "growth_log", "falls", "drift"):
        (axes,) = drawn[name].axes
        assert [text.get_text().strip() for text in axes.texts] == ["B listed"]


@pytest.mark.usefixtures("_with_matplotlib")
def test_the_overview_shows_itself_in_notebooks(result: Backtest) -> None:
    """One picture of everything, with a name for every curve, even one that has dollar signs."""
    figure = overview(result)

    assert len(figure.axes) == 5
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "monthly to target",
        r"\$x^{\$ half",
    ]
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_with_matplotlib")
@pytest.mark.parametrize("sessions", [30, 90, 300, 1300])
def test_dates_below_a_panel_fit_whatever_the_span(sessions: int) -> None:
    """Spans from a month to years get two to six dates, and matplotlib has nothing to warn of."""
    found = backtest(lively("AB", sessions), Policy({"A": 0.6, "B": 0.4}, "monthly"))

    drawn = pictures(found)["weights_1"]

    png(drawn)  # a warning would be an error here
    assert all(2 <= len(axes.get_xticks()) <= 6 for axes in drawn.axes)


def test_without_matplotlib_it_says_what_to_install(
    result: Backtest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing extra is refused with the line that installs it."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(RefusedError, match=r"pip install 'trimtab\[plot\]'"):
        overview(result)
