"""The studies in a quick form: each still finds what its text says."""

from __future__ import annotations

from pathlib import Path

from studies import bands_to_edge, cube_root, shannons_demon


def test_bands_to_edge_need_about_half_the_turnover_of_a_calendar(shared: Path) -> None:
    """Trading to a band's edge needs about half a calendar's turnover for equal tracking error."""
    found = bands_to_edge.study(shared, quick=True)

    assert 0.46 < found.value("edge/calendar lognormal") < 0.56  # 0.51 in closed form
    assert 0.65 < found.value("edge/target lognormal") < 0.77  # 0.71
    assert found.estimate("edge/calendar SPY and AGG").high < 1
    assert found.estimate("edge/calendar five funds").high < 1


def test_the_best_band_grows_with_the_cube_root_of_cost() -> None:
    """From 1 to 50 bp the best half-width grows with the power of a third, at the known level."""
    found = cube_root.study(quick=True)

    for to in ("edge", "target"):
        assert found.estimate(f"slope {to}, overrun").holds(1 / 3)
        assert 0.28 < found.value(f"slope {to}") < 0.39
        width = found.value(f"width {to} 10") / 100
        assert abs(width / cube_root.expected(10, to) - 1) < 0.15


def test_rebalancing_earns_the_excess_growth_of_its_closed_form(shared: Path) -> None:
    """A backtest of Shannon's demon and of lognormal markets grows as the closed forms say."""
    found = shannons_demon.study(shared, quick=True)

    assert abs(found.value("20 turns") - 3.247321025468409) < 1e-12
    assert found.estimate("demon").holds(0.05889151782819173)
    assert abs(found.value("excess 1") / 0.0032736 - 1) < 0.02
    assert abs(found.value("excess 2") / 0.015 - 1) < 0.02
    assert found.estimate("funds daily").holds(found.value("funds form"))
