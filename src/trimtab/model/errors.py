"""The tree of troubles that stop a command, each saying where it is and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.model.frozen import dataclass


class TrimtabError(Exception):
    """A trouble that the user can act on; its text says what happened and what to do next."""


class RefusedError(TrimtabError):
    """An action that was refused before anything was changed, with the reason.

    Attributes:
        remedy: The keyword that lets it pass when it is true, such as `as_it_was`; or empty.
            The text names it as Python does; who asks otherwise says it otherwise.
    """

    def __init__(self, reason: str, *, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason} ({self.remedy}=True)" if self.remedy else self.reason


class UnbookedError(TrimtabError):
    """A simulated run whose record cannot take what happened in it: it has no results."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where it is, what is wrong, what would be right.

    Texts name arguments of a call as Python does, in backticks: `end`, `missing=hold:N`. Who asks
    otherwise, as a command line by its options, says them otherwise.

    Args:
        file: Where it stands.
        line: In that file; None where there is none.
        key: What it is about.
        wrong: What is wrong.
        remedy: What would be right.
        is_argument: Whether the key is the name of an argument.
    """

    file: str
    line: int | None
    key: str
    wrong: str
    remedy: str
    is_argument: bool = False

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        key = f" {self.key}:" if self.key else ""
        remedy = f" -> {self.remedy}" if self.remedy else ""
        return f"{place}:{key} {self.wrong}{remedy}"


class InputError(TrimtabError):
    """Bad input; `problems` lists everything that is wrong with it, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        assert problems, "an InputError names at least one problem"
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class OptionError(InputError, ValueError):
    """An argument that makes no sense: bad input that a call, and not a file, has in it.

    Its text begins with the argument's name, and names others in backticks.
    """

    def __init__(self, wrong: str) -> None:
        super().__init__([Problem("options", None, "", wrong, "")])
        self.wrong = wrong

    def __str__(self) -> str:
        return self.wrong


class UnknownNameError(OptionError, KeyError):
    """A policy, figure or scenario that a result does not have; its text names those there are."""
