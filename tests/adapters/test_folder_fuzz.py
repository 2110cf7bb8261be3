"""Whatever is in a portfolio folder, reading it ends in a portfolio or in a message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.test_portfolio_folder import LOTS, PRICES, SALES, TOML
from trimtab.adapters.portfolio_folder import Portfolio, read_portfolio
from trimtab.model.errors import InputError

FILES = {
    "portfolio.toml": TOML.encode(),
    "lots.csv": LOTS.encode(),
    "sales.csv": SALES.encode(),
    "prices.csv": PRICES.encode(),
}
OWN_WORDS = sorted({word for raw in FILES.values() for word in raw.replace(b",", b" ").split()})
HOSTILE = [
    b"\x00", b"\xff", b'"', b"'", b"[", b"]]", b"{", b"=", b"\n", b"\r", b",", b";", b"nan", b"inf",
    b"1e999", b"-1", b"0", b"\xe2\x80\xae", b"\xd9\xa3", b"=cmd()", b"99999999999999999999999999",
    b"true", b"2026-13-45", b"9999-12-31", b"0001-01-01", b'"""', b"../" * 20,
]  # fmt: skip


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One folder for all examples: each overwrites its files."""
    with TemporaryDirectory() as name:
        yield Path(name)


mutation = st.tuples(
    st.sampled_from(["portfolio.toml", "portfolio.toml", "lots.csv", "sales.csv"]),
    st.floats(0, 1),
    st.integers(0, 30),
    st.sampled_from([b"", *HOSTILE, *OWN_WORDS]) | st.binary(max_size=8),
)


def outcome(folder: Path, files: dict[str, bytes]) -> Portfolio | InputError:
    """What reading these files ends in."""
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    try:
        return read_portfolio(folder)
    except InputError as error:
        return error


@settings(max_examples=400, deadline=None)
@given(st.lists(mutation, min_size=1, max_size=4))
def test_mutations_of_a_valid_folder_are_read_or_refused(
    folder: Path, mutations: list[tuple[str, float, int, bytes]]
) -> None:
    """No change of a few bytes raises anything but an InputError whose text can be printed."""
    files = dict(FILES)
    for name, where, length, piece in mutations:
        raw = files[name]
        at = int(where * len(raw))
        files[name] = raw[:at] + piece + raw[at + length :]

    result = outcome(folder, files)

    if isinstance(result, InputError):
        assert all(str(problem).isprintable() for problem in result.problems)
        str(result).encode()
    else:
        assert result.household.accounts


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=200))
def test_random_bytes_are_refused(folder: Path, name: str, raw: bytes) -> None:
    """A file of any bytes is read or refused, never a crash."""
    result = outcome(folder, FILES | {name: raw})

    assert isinstance(result, (InputError, Portfolio))
