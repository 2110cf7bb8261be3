"""What can go wrong with the record: each error says what, where, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.model.errors import TrimtabError
from trimtab.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A place where the bytes are not what was written.

    Args:
        code: A stable word for programs.
        line: Line of the file, from 1.
        offset: Byte at which that line begins, from 0.
        message: What is wrong, and what it means.
    """

    code: str
    line: int
    offset: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line} (byte {self.offset}): {self.message}"


class LedgerError(TrimtabError):
    """A trouble with the ledger."""


class CanonicalError(LedgerError):
    """A value or text that has no canonical form, or is not in it."""


class CheckpointError(LedgerError):
    """A checkpoint, proof or key that is malformed or does not verify."""


class HeadMovedError(LedgerError):
    """Somebody appended since the caller last read; nothing was written."""


class LedgerBusyError(LedgerError):
    """Another process is writing this ledger; nothing was written."""


class LedgerWriteError(LedgerError):
    """The disk refused; `certain` says whether it is sure that nothing was recorded."""

    def __init__(self, message: str, *, certain: bool) -> None:
        self.certain = certain
        super().__init__(message)


class LedgerDamagedError(LedgerError):
    """The ledger's bytes are not what was written; `problems` locates every place."""

    def __init__(self, subject: str, problems: Sequence[Problem]) -> None:
        assert problems, "a damaged ledger names at least one problem"
        self.problems: tuple[Problem, ...] = tuple(problems)
        shown = "\n".join(f"  {problem}" for problem in self.problems[:20])
        more = len(self.problems) - 20
        rest = f"\n  ... and {more} more" if more > 0 else ""
        super().__init__(f"{subject} is damaged; nothing was written.\n{shown}{rest}")


class FoldError(LedgerError):
    """An entry that cannot have happened after the ones before it."""

    def __init__(self, code: str, message: str, *, seq: int, kind: str) -> None:
        self.code = code
        self.seq = seq
        self.kind = kind
        super().__init__(f"entry {seq} ({kind}): {message}")
