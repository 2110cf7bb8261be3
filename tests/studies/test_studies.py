"""The studies in full: each still finds what its text says, figure by figure."""

from __future__ import annotations

from pathlib import Path

from studies import (
    bands_to_edge,
    cost_to_go,
    cube_root,
    opportunistic,
    out_of_sample,
    shannons_demon,
    two_modes,
    vanguard,
)
from tests.studies.as_written import differing


def test_bands_to_edge_need_about_half_the_turnover_of_a_calendar(shared: Path) -> None:
    """Trading to a band's edge needs about half a calendar's turnover for equal tracking error."""
    found = bands_to_edge.study(shared)

    assert 0.46 < found.value("edge/calendar lognormal") < 0.56  # 0.51 in closed form
    assert 0.65 < found.value("edge/target lognormal") < 0.77  # 0.71
    assert found.estimate("edge/calendar SPY and AGG").high < 1
    assert found.estimate("edge/calendar five funds").high < 1
    assert differing(bands_to_edge, found) == []


def test_the_best_band_grows_with_the_cube_root_of_cost() -> None:
    """From 1 to 50 bp the best half-width grows with the power of a third, at the known level."""
    found = cube_root.study()

    for to in ("edge", "target"):
        assert abs(found.value(f"slope {to}, overrun") - 1 / 3) < 0.02
        assert 0.28 < found.value(f"slope {to}") < 0.39
        width = found.value(f"width {to} 10") / 100
        assert abs(width / cube_root.expected(10, to) - 1) < 0.15
    assert differing(cube_root, found) == []


def test_rebalancing_earns_the_excess_growth_of_its_closed_form(shared: Path) -> None:
    """A backtest of Shannon's demon and of lognormal markets grows as the closed forms say."""
    found = shannons_demon.study(shared)

    assert abs(found.value("20 turns") - 3.247321025468409) < 1e-12
    assert found.estimate("demon").holds(0.05889151782819173)
    assert abs(found.value("excess 1") / 0.0032736 - 1) < 0.02
    assert abs(found.value("excess 2") / 0.015 - 1) < 0.02
    assert found.estimate("funds daily").holds(found.value("funds form"))
    assert differing(shannons_demon, found) == []


def test_monthly_is_a_thousand_rebalances_and_annual_past_ten_points_about_fifteen(
    shared: Path,
) -> None:
    """Over the published 84 years the counts are as published, and risk differs by no more."""
    found = vanguard.study(shared)

    assert found.value("monthly, 0pp") == 1008
    assert 12 <= found.value("annual, 10pp") <= 18  # 15 on bonds that are not public
    assert found.estimate("volatility").holds(0.0)
    for country in vanguard.COUNTRIES:
        assert found.value(f"{country} past 10pp") < found.value(f"{country} annual") / 4
    close = "2pp to within 1.75pp"
    assert found.value(f"tracking error {close}") < found.value("tracking error quarterly")
    assert found.value(f"cost {close}") < found.value("cost quarterly")
    assert differing(vanguard, found) == []


def test_looking_often_and_acting_rarely_is_ahead_in_history_but_not_past_chance(
    shared: Path,
) -> None:
    """Wide bands and frequent looks come first in history; shuffled histories call it noise."""
    found = opportunistic.study(shared)

    chosen = opportunistic.CHOSEN
    assert found.value("weekly less annual") > 0
    assert found.value("20% less 5%") > 0
    assert found.estimate(f"{chosen} over annual").holds(0.0)
    assert found.value(f"trades {chosen}") < found.value("trades monthly, 0%") / 4
    usual = found.value(f"tracking error {opportunistic.USUAL}")
    assert found.value(f"tracking error {chosen}") < usual
    assert differing(opportunistic, found) == []


def test_account_mode_made_simple_is_research_mode() -> None:
    """Without cash dividends, whole shares, several accounts and costs both modes are the same."""
    found = two_modes.study()

    for name in two_modes.POLICIES:
        assert abs(found.value(f"research mode, no costs, {name}")) < 0.01  # basis points a year
        assert found.value(f"no costs, {name}") > 0
        assert abs(found.value(f"whole, {name}")) < 20
        assert found.estimate(f"tax counted, not paid, {name}").low > 20
        assert 105 < found.value(f"taxed, {name}") < 125
    assert found.value("with the halved price") < -5
    assert differing(two_modes, found) == []


def test_the_squared_distance_is_nearly_the_best_rule_and_better_than_calendar_and_band() -> None:
    """The heuristic is near the exact rule, and bands and calendars cost more than it."""
    found = cost_to_go.study()

    for n in (2, 3):
        assert 0.93 < found.value(f"{n} Markowitz-van Dijk over exact") < 1.07
    for n in (2, 3, 5):
        assert found.estimate(f"{n} band over MvD").low > 1.05
        assert found.estimate(f"{n} calendar over MvD").low > 1.2
    assert differing(cost_to_go, found) == []


def test_no_found_weights_beat_equal_weights_past_chance(shared: Path) -> None:
    """In its quick form, over ten years: no interval of found weights lies above equal ones."""
    found = out_of_sample.study(shared, quick=True)

    for kind in out_of_sample.KINDS:
        for name in out_of_sample.RIVALS[1:]:
            assert found.estimate(f"{kind} sharpe {name} less equal").low < 0.0
        aware = found.value(f"{kind} turnover {out_of_sample.AWARE}")
        assert aware < found.value(f"{kind} turnover {out_of_sample.CALENDAR}")
    assert "nothing beats equal weights past chance" in found.text
