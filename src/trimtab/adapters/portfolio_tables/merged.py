"""A portfolio.toml and the models that it extends, as one file that knows who said what."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from trimtab.adapters.toml_lines import KeyPath, TomlDocument, read_toml
from trimtab.adapters.toml_table import shown
from trimtab.model.errors import Problem

DEEPEST = 8
"""Models that may extend each other."""

_SHARES = (("percent",), ("percent_of_parent",), ("min_percent", "max_percent"))
"""Ways to say one thing: who says it one way takes back what lies below in another."""

_TILTED = _SHARES[:2]
"""The same where a tilt moves shares: there limits stand beside a share, and say no other."""


@dataclass(slots=True)
class Models:
    """What was read, nearest first: each document with its folder.

    Args:
        documents: Those that could be read.
        hashes: SHA-256, hexadecimal, of each file's bytes, by its name.
        problems: What is wrong with them as files.
        is_cut: A model further down could not be read: what is missing may stand there.
    """

    documents: list[tuple[TomlDocument, Path]] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    is_cut: bool = False

    def place(self, path: KeyPath) -> tuple[str, int | None]:
        """File and line of a key; those of the nearest table above it that any file has."""
        document = self._nearest(path)[0]
        return document.file, document.line(path)

    def folder(self, path: KeyPath) -> Path:
        """The folder of the file that says a key: paths in it are relative to that."""
        return self._nearest(path)[1]

    def note(self, path: Path) -> None:
        """Note the bytes of a file that a key names: what was read is what is hashed."""
        name = os.path.relpath(path, self.documents[0][1])
        self.hashes[name] = sha256(path.read_bytes()).hexdigest()

    def _nearest(self, path: KeyPath) -> tuple[TomlDocument, Path]:
        for end in range(len(path), 0, -1):
            for document, folder in self.documents:
                if path[:end] in document.lines:
                    return document, folder
        return self.documents[0]

    def values(self) -> Mapping[str, Any]:
        """All keys: each with the value of the nearest file that says it."""
        values: Mapping[str, Any] = {}
        targets = [document.values.get("target") for document, _ in self.documents]
        ways = (
            _TILTED if any(isinstance(one, dict) and "tilt" in one for one in targets) else _SHARES
        )
        for document, _ in reversed(self.documents):
            values = _laid_over(document.values, values, ways)
        return values


def read_models(path: Path, file: str) -> Models:
    """A TOML file and all that it extends, directly or through others.

    Args:
        path: The file.
        file: What to call it in messages; the others are named relative to its folder.
    """
    models = Models()
    home = path.parent
    seen: list[str] = []
    while True:
        document, raw, problems = read_toml(path, file)
        models.problems.extend(problems)
        if document is None:
            models.is_cut = True
            return models
        seen.append(os.path.realpath(path))
        models.hashes[file] = sha256(raw).hexdigest()
        models.documents.append((document, path.parent))
        model = document.values.get("extends")
        if model is None:
            return models
        line = document.line(("extends",))
        if not isinstance(model, str) or not model.strip() or not model.isprintable():
            wrong, remedy = "the name of a file belongs here", 'write "../models/60-40.toml"'
            models.problems.append(Problem(file, line, "extends", wrong, remedy))
            models.is_cut = True
            return models
        path = path.parent / model
        above, file = file, os.path.relpath(path, home)
        wrong = ""
        if os.path.realpath(path) in seen:
            wrong = f"{shown(file)} extends itself in a circle"
        elif len(models.documents) > DEEPEST:
            wrong = f"models extend each other more than {DEEPEST} deep"
        elif not os.path.isfile(path):
            wrong = f"there is no file {shown(file)}"
        if wrong:
            remedy = "correct the path, or remove the key"
            models.problems.append(Problem(above, line, "extends", wrong, remedy))
            models.is_cut = True
            return models


def _laid_over(
    over: Mapping[str, Any], under: Mapping[str, Any], ways: Sequence[tuple[str, ...]]
) -> dict[str, Any]:
    """Two tables as one: tables are merged, everything else is replaced by what lies over it."""
    said = [way for way in ways if any(key in over for key in way)]
    taken = {key for way in ways if said and way not in said for key in way}
    merged = {key: value for key, value in under.items() if key not in taken}
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = _laid_over(value, below, ways) if both and below is not None else value
    return merged
