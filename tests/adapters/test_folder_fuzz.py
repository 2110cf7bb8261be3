"""Whatever is in a portfolio folder, reading it ends in a portfolio or in a message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.example import LOTS, PRICES, SALES, TOML
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


@settings(max_examples=200, deadline=None)
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


ANY_VALUE = [
    "true", "-1", "0", "1", "1.5", "1e999", "nan", '""', '"x"', '"VTI"', "[]", "[1]", '["VTI"]',
    '[["VTI", "x"]]', "{}", "{x = 1}", '[{symbol = "x"}]', "2026-01-01", "2026-01-01T00:00:00Z",
    "9" * 50, '"""\n"""', '"\\u202e"',
]  # fmt: skip
ALL_KEYS = (
    TOML.replace("[accounts.roth]", "keep = {VTI = 1}\nrelief = 'fifo'\nspecific_lots = ['a']\n"
                 "do_not_buy = ['VTI']\ndo_not_sell = ['VTI']\ncosts = {bps = 1}\n[accounts.roth]")
    .replace("[target.us]", "aliases = [{symbol = 'FB', until = 2022-06-08}]\nmax_age = 3\n"
             "order = 'money'\ncurrency = 'USD'\n[target.us]")
    .replace("[tax]", "fewest_trades = true\ndrift_price = 0.01\nmin_trade_units = 1\n"
             "[limits]\nfrozen_sessions = 5\nfrozen_percent = 10\n[costs]\nbps = 5\n"
             "half_spread_bps = 1\nper_share = 0.01\ncommission = 1\nminimum = 1\n[tax]")
)  # fmt: skip
KEY_LINES = [number for number, line in enumerate(ALL_KEYS.splitlines()) if " = " in line]


@pytest.mark.parametrize("number", KEY_LINES, ids=lambda n: ALL_KEYS.splitlines()[n].split()[0])
def test_any_value_at_any_key_is_read_or_refused(folder: Path, number: int) -> None:
    """A value of another kind is refused where it stands, if it is refused at all."""
    lines = ALL_KEYS.splitlines()
    key = lines[number].split(" = ")[0]

    outcomes = []
    for value in ANY_VALUE:
        text = "\n".join([*lines[:number], f"{key} = {value}", *lines[number + 1 :]])
        outcomes.append(outcome(folder, FILES | {"portfolio.toml": text.encode()}))

    for result in outcomes:
        if isinstance(result, InputError):
            assert all(str(problem).isprintable() for problem in result.problems)
    refused = [result for result in outcomes if isinstance(result, InputError)]
    assert len(refused) > len(ANY_VALUE) // 3


def test_all_keys_together_are_a_portfolio(folder: Path) -> None:
    """The file that the values above are put into is right but for the lot that it invents."""
    result = outcome(folder, FILES | {"portfolio.toml": ALL_KEYS.replace("['a']", "[]").encode()})

    assert isinstance(result, Portfolio)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=200))
def test_random_bytes_are_refused(folder: Path, name: str, raw: bytes) -> None:
    """A file of any bytes is read or refused, never a crash."""
    result = outcome(folder, FILES | {name: raw})

    assert isinstance(result, (InputError, Portfolio))
