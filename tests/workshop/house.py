"""The rooms of the house and what each source file imports, for the tests that guard its walls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "trimtab"

#: From the roof to the floor, as the design names them.
ROOMS = (
    "cli",
    "web",
    "live",
    "batch",
    "adapters",
    "reports",
    "simulate",
    "execution",
    "engine",
    "targets",
    "triggers",
    "estimates",
    "costs",
    "taxes",
    "ledger",
    "kernels",
    "model",
)
#: The rooms that touch the outside world.
IO_ROOMS = frozenset(ROOMS[:5])
#: The rooms that may choose an adapter.
ADAPTER_USERS = frozenset(ROOMS[:4])


@dataclass(frozen=True)
class Source:
    """One file of the package, parsed."""

    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room that the file is in; "" for the public face beside the rooms."""
        parts = self.path.relative_to(PACKAGE).parts
        return parts[0] if len(parts) > 1 else ""

    @property
    def name(self) -> str:
        """The file as a reader of a failure looks for it."""
        return self.path.relative_to(PACKAGE.parent).as_posix()


@dataclass(frozen=True)
class Import:
    """One module named by an import, with its line; `eager` when importing the file runs it."""

    module: str
    line: int
    eager: bool


def sources() -> list[Source]:
    """Every Python file of the package."""
    return [
        Source(path, ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


def imports(tree: ast.Module) -> Iterator[Import]:
    """All modules that a file imports; `from a import b` counts as `a` and as `a.b`."""
    yield from _imports(tree, eager=True)


def _imports(node: ast.AST, *, eager: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, eager)
        elif isinstance(child, ast.ImportFrom) and child.module is not None:
            yield Import(child.module, child.lineno, eager)
            for alias in child.names:
                yield Import(f"{child.module}.{alias.name}", child.lineno, eager)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _imports(child, eager=False)
        elif isinstance(child, ast.If) and _is_type_checking(child.test):
            for branch in child.body:
                yield from _imports(_wrapped(branch), eager=False)
            for branch in child.orelse:
                yield from _imports(_wrapped(branch), eager=eager)
        else:
            yield from _imports(child, eager=eager)


def _wrapped(statement: ast.stmt) -> ast.Module:
    return ast.Module(body=[statement], type_ignores=[])


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def within(module: str, roots: frozenset[str]) -> bool:
    """Whether a dotted module is one of `roots` or inside one."""
    parts = module.split(".")
    return any(".".join(parts[: i + 1]) in roots for i in range(len(parts)))
