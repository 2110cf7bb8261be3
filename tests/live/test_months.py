"""What somebody meets who lives with a portfolio for months: late splits, limits, lost files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.folders import bytes_of, folder, opened
from trimtab.model.errors import RefusedError


@pytest.mark.parametrize("reason", ["", "  ", "\t", "two\nlines"])
def test_a_halt_and_its_end_need_a_reason(tmp_path: Path, reason: str) -> None:
    """Somebody looked and says why: without that nothing is written."""
    book = opened(folder(tmp_path))
    book.halt("taxed", reason="looking")
    before = bytes_of(tmp_path)

    with pytest.raises(RefusedError, match="reason"):
        book.resume("taxed", reason=reason)
    with pytest.raises(RefusedError, match="reason"):
        book.halt("roth", reason=reason)
    assert bytes_of(tmp_path) == before
