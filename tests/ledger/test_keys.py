"""Signing keys: outside the portfolio folder, for their owner only."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from trimtab.adapters.keys import key_path, signing_key, trimtab_home
from trimtab.ledger.errors import CheckpointError

NAME = "trimtab/0123456789abcdef"
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The user's folder, and a portfolio folder beside it."""
    portfolio = tmp_path / "portfolio"
    portfolio.mkdir()
    return tmp_path / "home", portfolio


def test_a_key_is_made_once_and_kept(folders: tuple[Path, Path]) -> None:
    """The first use makes the key; every later one finds the same."""
    home, portfolio = folders

    first = signing_key(NAME, home=home, outside=portfolio)
    again = signing_key(NAME, home=home, outside=portfolio)

    assert first == again
    assert first.seed != bytes(32)
    assert list(portfolio.iterdir()) == []
    assert [p.name for p in (home / "keys").iterdir()] == [key_path(NAME, home=home).name]


def test_two_ledgers_have_two_keys(folders: tuple[Path, Path]) -> None:
    """A key signs for one ledger only."""
    home, portfolio = folders

    one = signing_key(NAME, home=home, outside=portfolio)
    two = signing_key("trimtab/fedcba9876543210", home=home, outside=portfolio)

    assert one.seed != two.seed


@posix_only
def test_nobody_else_may_read_a_key(folders: tuple[Path, Path]) -> None:
    """The file is made 0600, and one that others may read is refused."""
    home, portfolio = folders
    signing_key(NAME, home=home, outside=portfolio)
    path = key_path(NAME, home=home)
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(0o644)

    with pytest.raises(CheckpointError, match="chmod 600"):
        signing_key(NAME, home=home, outside=portfolio)

    assert mode == 0o600


def test_a_key_never_lies_in_the_portfolio_folder(folders: tuple[Path, Path]) -> None:
    """Who can rewrite the ledger must not find the key beside it; not through a link either."""
    home, portfolio = folders
    link = home.with_name("link")
    link.symlink_to(portfolio, target_is_directory=True)

    for inside in (portfolio, portfolio / "deep" / "down", link):
        with pytest.raises(CheckpointError, match="TRIMTAB_HOME"):
            signing_key(NAME, home=inside, outside=portfolio)

    assert list(portfolio.iterdir()) == []


@pytest.mark.parametrize("text", ["", "nonsense", "PRIVATE+KEY+x+00000000+AAAA", "\ufffd"])
def test_a_damaged_key_is_refused_and_kept(folders: tuple[Path, Path], text: str) -> None:
    """A damaged key is an error; it is not silently replaced by a new one."""
    home, portfolio = folders
    signing_key(NAME, home=home, outside=portfolio)
    path = key_path(NAME, home=home)
    path.write_text(text, encoding="utf-8")

    with pytest.raises(CheckpointError, match="cannot be used"):
        signing_key(NAME, home=home, outside=portfolio)

    assert path.read_text(encoding="utf-8") == text


def test_a_key_under_another_name_is_refused(folders: tuple[Path, Path]) -> None:
    """Copying one ledger's key to another's place does not make it that ledger's."""
    home, portfolio = folders
    other = signing_key("trimtab/other", home=home, outside=portfolio)
    path = key_path(NAME, home=home)
    path.write_text(other.text + "\n", encoding="utf-8")
    path.chmod(0o600)

    with pytest.raises(CheckpointError, match="named"):
        signing_key(NAME, home=home, outside=portfolio)


def test_where_the_users_folder_is() -> None:
    """TRIMTAB_HOME counts first, then the desktop's convention, then ~/.config."""
    assert trimtab_home({"TRIMTAB_HOME": "/a", "XDG_CONFIG_HOME": "/b"}) == Path("/a")
    if sys.platform != "win32":
        assert trimtab_home({"XDG_CONFIG_HOME": "/b"}) == Path("/b/trimtab")
        assert trimtab_home({}) == Path.home() / ".config" / "trimtab"
