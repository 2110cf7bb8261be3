"""The studies in a quick form: each still finds what its text says."""

from __future__ import annotations

from pathlib import Path

from studies import bands_to_edge


def test_bands_to_edge_need_about_half_the_turnover_of_a_calendar(shared: Path) -> None:
    """Trading to a band's edge needs about half a calendar's turnover for equal tracking error."""
    found = bands_to_edge.study(shared, quick=True)

    assert 0.46 < found.value("edge/calendar lognormal") < 0.56  # 0.51 in closed form
    assert 0.65 < found.value("edge/target lognormal") < 0.77  # 0.71
    assert found.estimate("edge/calendar SPY and AGG").high < 1
    assert found.estimate("edge/calendar five funds").high < 1
