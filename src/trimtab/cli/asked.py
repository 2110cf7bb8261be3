"""Errors in the words of a command line: an argument of a call is told as the option it came by."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from trimtab.model.errors import InputError, OptionError, Problem, RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.model.findings import Finding
    from trimtab.simulate.accounts.run import AccountRun

OTHERWISE = {
    "fee": "--fee-percent",
    "invest": "--new-money",
    "material": "--material-percent",
    "tax_of_turnover": "--tax-percent",
}
"""Arguments whose option has another name."""

ACCOUNT_MODE = ("--dividends", "--end", "--fx", "--trade-at")
"""Options that findings of account mode name."""

_NAMED = re.compile(r"`([a-z_]+)(?:=([^`]*))?`")
_FIRST = re.compile(r"([a-z_]+)(?=[: ])")


def option_for(argument: str, options: Collection[str]) -> str:
    """The option of a command by which an argument is asked for; empty where it has none.

    Args:
        argument: Its name in Python.
        options: Those that the command has.

    >>> option_for("cash_rate", ["--cash-rate"]), option_for("warmup", ["--cash-rate"])
    ('--cash-rate', '')
    """
    found = OTHERWISE.get(argument) or f"--{argument.replace('_', '-')}"
    return found if found in options else ""


def in_options(text: str, options: Collection[str]) -> str:
    """A text whose arguments, in backticks, are options where the command has them.

    >>> in_options("stop by then with `end`, or `missing=hold:N`", ["--end", "--missing"])
    'stop by then with `--end`, or `--missing hold:N`'
    """

    def said(found: re.Match[str]) -> str:
        option, value = option_for(found[1], options), found[2]
        if not option:
            return found[0]
        return f"`{option}`" if value in (None, "True") else f"`{option} {value}`"

    return _NAMED.sub(said, text)


def asked_by_options(error: Exception, options: Collection[str]) -> Exception:
    """The same error for whoever typed a command line.

    Args:
        error: What stopped the command.
        options: Those that the command has.
    """
    if isinstance(error, OptionError):
        found = _FIRST.match(error.wrong)
        option = option_for(found[1], options) if found else ""
        wrong = option + error.wrong[len(found[1]) :] if found and option else error.wrong
        return OptionError(in_options(wrong, options))
    if isinstance(error, InputError):
        return type(error)([_asked(one, options) for one in error.problems])
    if isinstance(error, RefusedError):
        return RefusedError(in_options(error.reason, options), remedy=error.remedy)
    return error


def runs_asked(runs: Iterable[AccountRun]) -> list[AccountRun]:
    """Runs in account mode with findings in the words of whoever typed a command line."""

    def said(one: Finding) -> Finding:
        return replace(one, message=in_options(one.message, ACCOUNT_MODE))

    return [replace(run, findings=tuple(map(said, run.findings))) for run in runs]


def _asked(problem: Problem, options: Collection[str]) -> Problem:
    key = option_for(problem.key, options) if problem.is_argument else ""
    return replace(
        problem,
        key=key or problem.key,
        wrong=in_options(problem.wrong, options),
        remedy=in_options(problem.remedy, options),
    )
