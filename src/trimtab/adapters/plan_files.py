"""Saved plans: one JSON file each, which is either exactly what was saved or refused."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from trimtab.engine.decide import plan_hash
from trimtab.engine.mandate import Request
from trimtab.ledger.canonical import canonical_bytes
from trimtab.ledger.errors import LedgerError
from trimtab.model.errors import InputError, Problem, RefusedError, TrimtabError
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import Price
from trimtab.model.plain import PlainError, from_plain, to_plain
from trimtab.model.plan import Plan

FORMAT: Final = "trimtab-plan/1"
MOST_BYTES: Final = 64 << 20
_KEYS: Final = ("format", "plan", "hash", "request", "prices", "day_asked", "text")
_ID: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{6,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan with what it was asked for, so that it can be decided again.

    Args:
        plan: The plan.
        request: Deposits, withdrawals and wishes.
        prices: Prices that were typed in for it, by instrument.
        day_asked: Whether somebody named its day, rather than taking the newest.
        text: What its reader saw; not part of the hash.
        recorded: The hash that the record has of it, where its file is gone and this is made from
            the record; else empty.
    """

    plan: Plan
    request: Request = field(default_factory=Request)
    prices: Mapping[str, Price] = field(default_factory=dict)
    day_asked: bool = False
    text: str = ""
    recorded: str = ""

    @property
    def sha256(self) -> str:
        """Hash of the plan's canonical form."""
        return self.recorded or plan_hash(self.plan)


def plan_bytes(saved: SavedPlan) -> bytes:
    """The one file that stands for a saved plan."""
    content = {
        "format": FORMAT,
        "plan": to_plain(saved.plan),
        "hash": saved.sha256,
        "request": to_plain(saved.request),
        "prices": {name: str(price) for name, price in saved.prices.items()},
        "day_asked": saved.day_asked,
        "text": saved.text,
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def save_plan(saved: SavedPlan, folder: Path) -> Path:
    """Write a plan to `folder`/<its id>.json, whole or not at all.

    Raises:
        RefusedError: Another plan has that name already.
    """
    path = folder / f"{saved.plan.id}.json"
    folder.mkdir(parents=True, exist_ok=True)
    if path.exists():
        _need_same(path, saved)
        return path
    draft = folder / f".{path.name}.{os.urandom(8).hex()}"
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(plan_bytes(saved))
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: whoever else saves this name at this moment is not overwritten.
        try:
            os.link(draft, path)
        except FileExistsError:
            _need_same(path, saved)
        except OSError:
            os.rename(draft, path)  # a file system without links
    except OSError as error:
        raise TrimtabError(f"the plan could not be saved as {path}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return path


def load_plan(path: Path) -> SavedPlan:
    """Read a saved plan.

    Raises:
        InputError: There is no such file, or it is no plan.
        RefusedError: It is not, to the byte, what was saved.
    """
    saved = _parsed(path)
    altered = RefusedError(
        f"{path} is not what was saved: it was changed since. Nothing was done. Make the plan "
        "anew with `trimtab plan`."
    )
    content = json.loads(path.read_bytes())
    if content.get("hash") != saved.sha256 or not _id_fits(saved):
        raise altered
    if plan_bytes(saved) != path.read_bytes():
        raise altered
    return saved


def _parsed(path: Path) -> SavedPlan:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _not_a_plan(path, "it is too large to be one")
        content: Any = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        remedy = "name a file that `trimtab plan` saved, or the plan's id alone"
        raise InputError([Problem(str(path), None, "", "there is no such file", remedy)]) from error
    except OSError as error:
        raise _not_a_plan(path, error.strerror or "it cannot be read") from error
    except (ValueError, RecursionError) as error:
        raise _not_a_plan(path, "it is not JSON") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _not_a_plan(path, f'it does not say "format": "{FORMAT}"')
    if sorted(content) != sorted(_KEYS):
        raise _not_a_plan(path, f"its keys are not {', '.join(_KEYS)}")
    try:
        saved = SavedPlan(
            from_plain(Plan, content["plan"], "plan"),
            from_plain(Request, content["request"], "request"),
            from_plain(_Prices, {"prices": content["prices"]}, "prices").prices,
            content["day_asked"] is True,
            content["text"] if isinstance(content["text"], str) else "",
        )
        canonical_bytes(to_plain(saved.plan))
    except (PlainError, LedgerError, RecursionError) as error:
        raise _not_a_plan(path, str(error)) from error
    return saved


@dataclass(frozen=True, slots=True)
class _Prices:
    prices: Mapping[str, Price]


def _need_same(path: Path, saved: SavedPlan) -> None:
    with contextlib.suppress(OSError):
        if path.read_bytes() == plan_bytes(saved):
            return
    with contextlib.suppress(TrimtabError):
        if load_plan(path).sha256 == saved.sha256:
            return
    raise RefusedError(
        f"{path} holds something else than plan {saved.plan.id}: move it away, then plan again"
    )


def _id_fits(saved: SavedPlan) -> bool:
    plan_id = saved.plan.id
    if _ID.fullmatch(plan_id) is None:
        return False
    day, _, digits = plan_id.rpartition("-")
    return day == saved.plan.as_of.isoformat() and saved.sha256.startswith(digits)


def _not_a_plan(path: Path, wrong: str) -> InputError:
    remedy = "name a file that `trimtab plan` saved"
    return InputError([Problem(str(path), None, "", f"this is no saved plan: {wrong}", remedy)])
