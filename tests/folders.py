"""Portfolio folders for tests: files written side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

NO_LOTS = "account,symbol,quantity,acquired,cost_basis\n"
NO_SALES = "account,symbol,quantity,acquired,sold,proceeds,cost_basis\n"


def written(folder: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """A folder with these files, by name; None leaves one out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if content is not None:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def prices_csv(rows: Iterable[Sequence[str]]) -> str:
    """The text of a long price file: day, symbol, close."""
    return "date,symbol,close\n" + "".join(f"{','.join(row)}\n" for row in rows)
