"""Reading the bodies of entries that were folded, and so are well formed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trimtab.ledger.canonical import Json
from trimtab.ledger.events import Relieved
from trimtab.model.numbers import decimal_from, minor_from


def parts(value: Json) -> list[Relieved]:
    """Parts of lots that a sale or a transfer took."""
    return [
        Relieved(
            str(item["lot"]),
            int(str(item["steps"])),
            None if item["basis"] is None else minor(item["basis"]),
        )
        for item in tables(value)
    ]


def tables(value: Json) -> list[Mapping[str, Json]]:
    """The objects of a list."""
    return [item for item in items(value) if isinstance(item, dict)]


def items(value: Json) -> Sequence[Json]:
    """A list."""
    assert isinstance(value, list), "an entry that was folded is well formed"
    return value


def minor(value: Json) -> int:
    """Money in minor units."""
    return minor_from(decimal_from(str(value)))
