"""Which price files a portfolio folder has, and whether a symbol stands in one of them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from trimtab.adapters.csv_lines import other_than_a_file
from trimtab.adapters.portfolio_tables.files import MANUAL_PRICES_FILE, PRICES_FILE
from trimtab.adapters.portfolio_tables.merged import Models
from trimtab.adapters.toml_lines import KeyPath
from trimtab.adapters.toml_table import Table, shown


def is_priced(symbol: str, paths: Sequence[Path]) -> bool:
    """Whether a symbol stands in a price file as a field: much faster than reading the file."""
    name = re.escape(symbol.encode())
    field = re.compile(b'(?:^|[,"])' + name + b'(?:[,"\r\n]|$)', re.MULTILINE)
    try:
        return any(field.search(path.read_bytes()) for path in paths)
    except OSError:
        return True  # what cannot be read is told when the prices are


def price_paths(root: Table, models: Models, folder: Path) -> tuple[Path, ...]:
    """The price files, relative to the file that names them, and the typed prices if any."""
    paths: list[Path] = []
    typed = folder / MANUAL_PRICES_FILE
    is_list = isinstance(root.values.get("prices"), list)
    if "prices" in root:
        base = models.folder(("prices",))
        paths = [base / text for text in root.texts("prices", PRICES_FILE)]
        for number, path in enumerate(paths):
            if not os.path.isfile(path):
                key: KeyPath = ("prices", number) if is_list else ("prices",)
                name = shown(os.path.relpath(path, folder))
                other = other_than_a_file(path)
                wrong = f"{name}: {other}" if other else f"there is no file {name}"
                root.problem(key, wrong, "a path is relative to the file that names it")
        if is_list and not root.values["prices"]:
            root.problem("prices", "the list is empty", f'write prices = "{PRICES_FILE}"')
    else:
        root.value("prices")
        if (folder / PRICES_FILE).is_file():
            paths = [folder / PRICES_FILE]
        elif not typed.is_file() and not models.is_cut:
            wrong = f"there is no file {PRICES_FILE}, and no key that names another"
            remedy = f'put {PRICES_FILE} (date,symbol,close) there, or name yours: prices = "..."'
            root.problem("prices", wrong, remedy)
    if typed.is_file() and typed.resolve() not in [path.resolve() for path in paths]:
        paths.append(typed)
    return tuple(paths)


def rates_path(root: Table, models: Models, folder: Path) -> Path | None:
    """The file of exchange rates, relative to the file that names it."""
    text = root.text("fx", '"fx.csv"')
    if text is None:
        return None
    path = models.folder(("fx",)) / text
    if not os.path.isfile(path):
        name = shown(os.path.relpath(path, folder))
        other = other_than_a_file(path)
        wrong = f"{name}: {other}" if other else f"there is no file {name}"
        root.problem("fx", wrong, "a path is relative to the file that names it")
    return path
