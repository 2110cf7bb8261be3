"""Two policies compared: what is called noise, what is not, and what a reader sees."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.simulate.markets import lively
from trimtab.costs import Costs
from trimtab.model.policy import Policy
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.uncertainty.difference import OUTCOME_FIGURES, Difference, difference_of

TARGET = {"A": 0.5, "B": 0.5}


@pytest.fixture(scope="module")
def result() -> Backtest:
    """Two ways to rebalance, one of them dear."""
    prices = lively(("A", "B"), 400, seed=8)
    policies = [
        Policy(TARGET, when="daily", name="daily"),
        Policy(TARGET, when="monthly", name="monthly"),
    ]
    return backtest(prices, policies, costs=Costs(bps=200))


@pytest.fixture(scope="module")
def found(result: Backtest) -> Difference:
    """The dear way against the other."""
    return result.difference("daily", "monthly", paths=200, seed=7)


def made(growth: list[float], *, history: float = 0.0008, level: float = 0.95) -> Difference:
    """A difference of which only growth matters, given on every path."""
    table = np.zeros((len(growth), len(OUTCOME_FIGURES)))
    table[:, 1] = growth
    seen = np.zeros(len(OUTCOME_FIGURES))
    seen[1] = history
    return difference_of(
        ("bands", "monthly"),
        (table, np.zeros_like(table)),
        (seen, np.zeros_like(seen)),
        level=level,
        how="made by hand",
        frames="columns",
    )


def test_noise_is_called_noise() -> None:
    """An interval with zero in it is noise, in a sentence with the figures."""
    found = made(np.linspace(-0.0021, 0.0036, 1001).tolist(), level=1 - 1e-9)

    assert found["cagr"].verdict == "noise"
    assert found.sentence == (
        "bands against monthly, growth: the difference of +0.08% a year is noise: "
        "100% interval -0.21% to +0.36%."
    )


def test_the_interval_holds_the_middle_of_the_paths() -> None:
    """Ninety percent lie from the 5th to the 95th percentile; shares on either side are counted."""
    gap = made([i / 1000 for i in range(-10, 91)], level=0.9)["cagr"]

    assert (gap.low, gap.median, gap.high) == pytest.approx((-0.005, 0.04, 0.085))
    assert (gap.above, gap.below) == pytest.approx((90 / 101, 10 / 101))


def test_more_and_less_are_told_apart() -> None:
    """An interval that ends before zero has a side; no difference anywhere is neither."""
    assert made([0.001, 0.002] * 50)["cagr"].verdict == "more"
    assert made([-0.001, -0.002] * 50, history=-0.001)["cagr"].verdict == "less"
    assert made([0.0, 0.0])["cagr"].verdict == "same"
    assert "more than noise" in made([0.001, 0.002] * 50).sentence
    assert "no difference on any path" in made([0.0, 0.0]).sentence


def test_too_few_paths_tell_nothing() -> None:
    """Below a hundred paths there is no verdict and no interval, only how many it would take."""
    few = made([0.001, 0.002, 0.003] * 33)

    assert few["cagr"].verdict == "few"
    assert few.sentence == (
        "bands against monthly, growth: the difference of +0.08% a year: too few paths to tell "
        "(99; at least 100)."
    )
    assert "more" not in str(few).splitlines()[0]
    assert "+0.10%" not in str(few)
    assert "middle 95%" not in str(few)
    assert few["cagr"].interval is None
    assert made([0.001, 0.002, 0.003, 0.002] * 25)["cagr"].verdict == "more"


def test_an_interval_without_a_verdict_is_null_in_json_and_frames() -> None:
    """Who reads ends of an interval from a program finds none where none may be believed."""
    pandas = pytest.importorskip("pandas", reason="frames come from an extra")
    few, many = made([0.001, 0.002, 0.003] * 33), made([0.001, 0.002, 0.003] * 34)

    told, frame = few.to_dict()["figures"]["cagr"], few.to_frame("pandas").loc["cagr"]

    assert (told["low"], told["high"], told["verdict"]) == (None, None, "few")
    assert pandas.isna(frame["low"])
    assert pandas.isna(frame["high"])
    assert told["median"] == pytest.approx(0.002)
    assert many.to_dict()["figures"]["cagr"]["low"] == pytest.approx(0.001)
    assert many.to_frame("pandas").loc["cagr", "high"] == pytest.approx(0.003)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_history_on_the_other_side_of_zero_is_no_finding(sign: float) -> None:
    """What history and paths disagree on is never called more than noise."""
    found = made([-0.0004 * sign] * 200, history=0.0013 * sign)

    assert found["cagr"].verdict == "mixed"
    assert "more than noise" not in found.sentence
    assert "nothing can be told" in found.sentence


def test_a_history_outside_the_interval_is_said() -> None:
    """Where shuffling undoes what history showed, the reader is told."""
    said = "what happened is outside that range: it came of the order of the days"
    assert said in made([-0.001, 0.001] * 50, history=0.5).sentence
    assert "what happened" not in made([-0.001, 0.001] * 50, history=0.0005).sentence


def test_what_is_clear_is_found(found: Difference) -> None:
    """Trading daily for two percent costs more, turns over more, and grows less, beyond noise."""
    assert found["turnover_a_year"].verdict == "more"
    assert found["cost_a_year"].verdict == "more"
    assert found["cagr"].verdict == "less"
    assert found["tracking_error"].verdict != "noise"


def test_a_policy_against_itself_is_the_same(result: Backtest) -> None:
    """Pairs are compared over the same paths: nothing remains of what they share."""
    found = result.difference("daily", "daily", paths=5)

    assert {gap.verdict for gap in found} == {"same"}


def test_others_in_the_result_change_nothing(result: Backtest) -> None:
    """The difference of two is the same with a third beside them and by another thread count."""
    prices = lively(("A", "B"), 400, seed=8)
    third = Policy(TARGET, when="band:5pp", name="third")
    three = backtest(prices, [third, *(one.policy for one in result)], costs=Costs(bps=200))

    alone = result.difference("daily", "monthly", paths=10, seed=3, threads=1)
    beside = three.difference("daily", "monthly", paths=10, seed=3, threads=2)

    assert alone.to_dict() == beside.to_dict()


def test_text_page_and_frames_say_the_same(found: Difference) -> None:
    """The sentence stands on top in text and page; frames and JSON hold all figures."""
    text, page = str(found), found._repr_html_()

    assert text.startswith(found.sentence)
    assert "growth a year" in text
    assert found.how in text
    assert "<table" in page
    assert "growth a year" in page
    frame = found.to_frame("pandas")
    assert frame.loc["cagr", "low"] == found["cagr"].low
    assert found.to_paths("polars").height == 200
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["figures"]["cagr"]["verdict"] == "less"
    assert plain["paths"] == 200


def test_names_are_no_markup() -> None:
    """A policy may be called anything; a page shows it as text."""
    table = np.zeros((2, len(OUTCOME_FIGURES)))
    one = (table[0], table[0])
    found = difference_of(("<b>", "x"), (table, table), one, level=0.9, how="", frames="columns")

    assert "<b>against" not in found._repr_html_().replace("<p><b>", "")
    assert "&lt;b&gt;" in found._repr_html_()


def test_small_differences_keep_two_digits() -> None:
    """What is smaller than a hundredth of a percent is not rounded to nothing."""
    assert (
        "-0.0021% to +0.0036%"
        in made(
            np.linspace(-0.000021, 0.000036, 1001).tolist(), history=0.00001, level=1 - 1e-9
        ).sentence
    )


def test_a_wrong_name_or_level_is_an_error(result: Backtest, found: Difference) -> None:
    """Policies and figures that are not there are named with those that are."""
    with pytest.raises(KeyError, match="daily"):
        result.difference("daily", "weekly", paths=2)
    with pytest.raises(KeyError, match="cagr"):
        found["growth"]
    with pytest.raises(ValueError, match="level"):
        result.difference("daily", "monthly", paths=2, level=95)
