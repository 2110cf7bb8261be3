"""Signing keys in the user's own configuration folder, never in the portfolio folder."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from trimtab.ledger.checkpoint import SigningKey, check_key_name, signing_key_from
from trimtab.ledger.errors import CheckpointError

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")


def trimtab_home(environ: Mapping[str, str] | None = None) -> Path:
    """The folder for what belongs to the user and not to a portfolio.

    `$TRIMTAB_HOME`, else `$XDG_CONFIG_HOME/trimtab`, else `~/.config/trimtab` (on Windows
    `%APPDATA%\\trimtab`).
    """
    env = os.environ if environ is None else environ
    if env.get("TRIMTAB_HOME"):
        return Path(env["TRIMTAB_HOME"]).expanduser()
    base = env.get("APPDATA") if sys.platform == "win32" else env.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "trimtab"


def key_path(name: str, *, home: Path) -> Path:
    """The file that keeps the signing key of that name."""
    return home / "keys" / f"{_UNSAFE.sub('_', name)}.key"


def signing_key(name: str, *, home: Path, outside: Path) -> SigningKey:
    """The Ed25519 key of that name, made on first use with nobody else able to read it.

    Args:
        name: The key's name in signature lines; for a ledger its origin.
        home: The user's folder, from `trimtab_home`.
        outside: The portfolio folder, which the key must not lie in: who can rewrite the ledger
            there must not be able to sign what was rewritten.

    Raises:
        CheckpointError: when the key lies in the portfolio folder, is readable by others, is
            damaged, or belongs to another name.
    """
    check_key_name(name)
    path = key_path(name, home=home)
    if path.resolve().is_relative_to(outside.resolve()):
        raise CheckpointError(
            f"the signing key would lie inside the portfolio folder ({path}): "
            "set TRIMTAB_HOME to a folder elsewhere"
        )
    if not path.exists():
        _create(path, SigningKey(name, secrets.token_bytes(32)))
    return _load(path, name)


def _load(path: Path, name: str) -> SigningKey:
    mode = path.stat().st_mode
    if sys.platform != "win32" and stat.S_IMODE(mode) & 0o077:
        raise CheckpointError(
            f"others may read the signing key {path}: run `chmod 600` on it, and make a new key "
            "(move this file away) if anybody else has an account on this machine"
        )
    try:
        key = signing_key_from(path.read_text(encoding="utf-8").strip())
    except (CheckpointError, UnicodeDecodeError) as error:
        raise CheckpointError(f"the signing key {path} cannot be used: {error}") from error
    if key.name != name:
        raise CheckpointError(f"the signing key {path} is named {key.name!r}, not {name!r}")
    return key


def _create(path: Path, key: SigningKey) -> None:
    """Write a new key whole or not at all; a key that somebody made meanwhile is kept."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.text.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
