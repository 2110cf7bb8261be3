"""What of a history is used: nothing is left out without its name and figures."""

from __future__ import annotations

import numpy as np
import pytest

from tests.estimates.made import drawn
from trimtab.estimates.covariance import pairwise_covariance, sample_covariance
from trimtab.estimates.history import usable

NAMES = ("AAA", "BBB", "CCC", "DDD")


def codes(found: object) -> list[tuple[str, str, str]]:
    """Code, subject and severity of each finding."""
    findings = found.findings  # type: ignore[attr-defined]
    return [(one.code, one.subject, one.severity) for one in findings]


def test_a_whole_history_is_used_as_it_is() -> None:
    """No finding, every session and instrument."""
    table = drawn(100, 4)

    found = usable(table, names=NAMES)

    assert found.returns.tolist() == table.tolist()
    assert found.sessions.tolist() == list(range(100))
    assert found.kept.tolist() == [0, 1, 2, 3]
    assert found.findings == ()


def test_what_cannot_be_used_is_left_out_by_name() -> None:
    """Constant, unknown, too young or infinite: the rest is used."""
    table = drawn(100, 5)
    table[:, 0] = 0.0002
    table[:, 1] = np.nan
    table[:50, 2] = np.nan
    table[7, 3] = np.inf

    found = usable(table, names=(*NAMES, "EEE"))

    assert codes(found) == [
        ("history-constant", "AAA", "warning"),
        ("history-missing", "BBB", "warning"),
        ("history-missing", "CCC", "warning"),
        ("history-infinite", "DDD", "warning"),
    ]
    assert found.kept.tolist() == [4]
    assert found.returns.tolist() == table[:, 4:].tolist()


def test_the_common_window_is_said_with_who_shortens_it() -> None:
    """The sessions that all know, and how many there would be without the youngest."""
    table = drawn(400, 4)
    table[:250, 2] = np.nan
    table[:40, 1] = np.nan

    found = usable(table, names=NAMES)

    assert codes(found) == [("history-shortened", "CCC", "warning")]
    assert found.sessions.tolist() == list(range(250, 400))
    message = found.findings[0].message
    assert [figure in message for figure in ("150", "400", "360")] == [True, True, True]
    assert np.isfinite(sample_covariance(found.returns)).all()


def test_where_nobody_alone_shortens_it_the_youngest_is_named() -> None:
    """Two begin on the same day and one of them misses another: no gain is promised."""
    table = drawn(300, 4)
    table[:100, [1, 2]] = np.nan
    table[:100:2, 3] = np.nan
    table[150, [1, 2]] = np.nan
    table[160, [2, 3]] = np.nan

    found = usable(table, names=NAMES)

    assert codes(found) == [("history-shortened", "CCC", "warning")]
    assert "without it" not in found.findings[0].message


def test_the_sessions_in_between_that_one_misses_are_left_out() -> None:
    """Not only the beginning: every session of the common history is known to all."""
    table = drawn(200, 3)
    table[::4, 1] = np.nan

    found = usable(table)

    assert found.sessions.tolist() == [t for t in range(200) if t % 4]
    assert codes(found) == [("history-shortened", "column 1", "warning")]


def test_pairs_keep_what_each_knows() -> None:
    """Gaps stay, the pair that shares least is named, and the covariance has no gap."""
    table = drawn(400, 4)
    table[:250, 2] = np.nan
    table[350:, 3] = np.nan

    found = usable(table, names=NAMES, missing="pairwise")

    assert codes(found) == [("history-pairwise", "CCC and DDD", "info")]
    assert "100" in found.findings[0].message
    assert np.isnan(found.returns).sum() == 300
    assert np.isfinite(pairwise_covariance(found.returns)).all()


def test_a_common_window_that_teaches_nothing_is_refused() -> None:
    """With the name of the one to leave out; nothing is returned that somebody might use."""
    table = drawn(400, 4)
    table[:330, 2] = np.nan
    table[390:, 3] = np.nan

    common = usable(table, names=NAMES, least=65)
    pairs = usable(table, names=NAMES, missing="pairwise", least=65)

    assert codes(common) == [("history-too-short", "CCC", "error")]
    assert codes(pairs) == [("history-too-short", "CCC and DDD", "error")]
    assert common.returns.shape == pairs.returns.shape == (0, 0)


def test_what_stands_still_in_the_common_window_is_refused() -> None:
    """It moved before, but not over the sessions that are left."""
    table = drawn(300, 2)
    table[:200, 0] = np.nan
    table[200:, 1] = 0.0

    found = usable(table, names=("AAA", "BBB"))

    assert ("history-constant", "BBB", "error") in codes(found)
    assert found.returns.size == 0


def test_nothing_at_all_is_refused() -> None:
    """Where no instrument can be used."""
    found = usable(np.full((100, 2), np.nan), names=("AAA", "BBB"))

    assert codes(found)[-1] == ("history-empty", "history", "error")
    assert found.returns.shape == (0, 0)


def test_options_that_make_no_sense_are_refused() -> None:
    """Another word, other names than instruments."""
    with pytest.raises(ValueError, match="one of common, pairwise, leave-out"):
        usable(drawn(100, 2), missing="guess")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="3 names for 2"):
        usable(drawn(100, 2), names=("A", "B", "C"))
