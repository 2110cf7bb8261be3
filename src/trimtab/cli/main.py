"""The command `trimtab`: finds the command asked for, runs it, and says plainly what went wrong."""

from __future__ import annotations

import argparse
import atexit
import gc
import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from types import ModuleType
    from typing import NoReturn

COMMANDS = {
    "init": "make a portfolio folder to fill in",
    "status": "each sleeve against its target; what is due and why",
    "plan": "the trades, why each one, what they cost; changes nothing",
    "apply": "carry out a saved plan, once, after asking",
    "record": "book what was traded by hand",
    "import": "read a broker's export; book what differs, after asking",
    "reconcile": "compare a broker's statement with the record",
    "cancel": "cancel what is still open of a plan",
    "halt": "let no new order leave an account, or any account",
    "resume": "end a halt, saying why",
    "backtest": "policies over history, side by side",
    "sweep": "many policies over history: a grid of when and how far",
    "advise": "whether to keep the policy, or which other one to take",
    "optimize": "the best weights for a history, by an objective and limits",
    "frontier": "the efficient frontier, its picture, and where the portfolio stands",
    "batch": "decide every account of a book, Parquet in and out",
    "ledger": "check and read the record",
    "completion": "print a completion script for a shell",
}
"""Every command with its line in the overview; its module is `trimtab.cli.` and its name."""

EPILOG = """\
the usual way:
  trimtab init my-portfolio && cd my-portfolio    then fill in portfolio.toml and lots.csv
  trimtab status                                  how far from the target, and is anything due
  trimtab plan                                    what to trade, and why; nothing is traded
  trimtab apply plans/...                         carry out that plan and nothing else

exit codes: 0 done, 1 bad input, refused, or an error in the plan, 2 wrong usage,
3 something is due (status --exit-code)
"""

MOST_MEANT = 4
"""So many words are told that begin as what was typed."""

LONG_RUNNING = ("advise", "backtest", "batch", "frontier", "optimize", "sweep")
"""Commands that collect garbage; a start makes none, and looking for it takes a tenth of it."""

OK, TROUBLE, USAGE, INTERRUPTED = 0, 1, 2, 130


class WrongUsage(SystemExit):
    """A command line that cannot be run: what is wrong with it, and who knows how it would be."""

    def __init__(self, prog: str, message: str) -> None:
        super().__init__(USAGE)
        self.prog = prog
        self.message = message


class Parser(argparse.ArgumentParser):
    """A parser that ends wrong usage with one line and what was probably meant."""

    def error(self, message: str) -> NoReturn:
        """Leave with what is wrong with the command line.

        Raises:
            WrongUsage: Always; it ends a program with exit code 2.
        """
        wrong, choose, choices = message.partition(" (choose from ")
        if choose:  # the wording changes from one Python to the next
            argument, _, word = wrong.partition(": invalid choice: ")
            known = choices.rstrip(")").replace("'", "").split(", ")
            word = word.strip("'")
            message = f"{argument}: {word!r} is none of {', '.join(known)}.{_meant(word, known)}"
        argument, number, word = message.partition(": invalid int value: ")
        if number:
            message = f"{argument}: {word} is not a whole number"
        message = message.replace(": expected one argument", ": its value has to follow")
        raise WrongUsage(self.prog, message)


def parser(*, only: str | None = None) -> Parser:
    """The whole command line; or, which starts faster, one of its commands with their names.

    Args:
        only: The command that is known in full; empty for none, which is enough for the overview.
    """
    from trimtab import __version__
    from trimtab.cli.options import Help, add_folder

    made = Parser(
        prog="trimtab",
        description="Keeps portfolios on target: plan, review, apply.",
        epilog=EPILOG,
        formatter_class=Help,
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"trimtab {__version__}")
    add_folder(made)
    commands = made.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", parser_class=Parser
    )
    for name, summary in COMMANDS.items():
        if only in (None, name):
            module_of(name).add_parser(commands)
        elif not only:
            commands.add_parser(name, help=summary, add_help=False)
    return made


def module_of(command: str) -> ModuleType:
    """The module of a command; `import` is a word of Python, so its module has another name."""
    name = "import_" if command == "import" else command
    return import_module(f"trimtab.cli.{name}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    if argv is None:
        _keep_stdout()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except WrongUsage as wrong:
        from trimtab.cli.screen import usage_trouble

        usage_trouble(wrong.prog, wrong.message, as_json="--json" in arguments)
        return USAGE
    except SystemExit as leaving:  # argparse, after --help or wrong usage
        return leaving.code if isinstance(leaving.code, int) else USAGE
    except KeyboardInterrupt as interrupt:
        from trimtab.cli.interrupted import state_after

        why = str(interrupt.args[0]) if interrupt.args else ""
        told = state_after(_command(arguments), arguments, why)
        sys.stderr.write(f"\nInterrupted. {told}\n")
        return INTERRUPTED
    except BrokenPipeError:  # the reader went away, as `trimtab plan | head` does
        _silence_stdout()
        return OK


def _run(arguments: list[str]) -> int:
    command = _command(arguments)
    _refuse_misplaced("trimtab", arguments, COMMANDS)
    if command is not None and command not in COMMANDS:
        raise WrongUsage("trimtab", f"there is no command {command!r}.{_meant(command, COMMANDS)}")
    made = parser(only=command or "")
    if command == "ledger":
        actions = _choices(_chosen(made, command))
        _refuse_misplaced("trimtab ledger", arguments[arguments.index(command) + 1 :], actions)
    args, unknown = made.parse_known_args(arguments)
    chosen = made if command is None else _chosen(made, command)
    if getattr(args, "action", None):
        chosen = _chosen(chosen, args.action)
    if unknown:
        word = next((one for one in unknown if one.startswith("-")), unknown[0])
        if word.startswith("-"):
            known = [text for action in chosen._actions for text in action.option_strings]
            if word.partition("=")[0] in known:
                raise WrongUsage("trimtab", _misplaced(word, chosen.prog))
            if command is None and word == "--json":
                raise WrongUsage("trimtab", _misplaced(word, "trimtab COMMAND"))
            chosen.error(f"there is no option {word!r}.{_meant(word.partition('=')[0], known)}")
        chosen.error(f"{word!r} is one argument too many.")
    if command is None:
        made.print_help(sys.stderr)
        return USAGE
    collects = gc.isenabled()
    if command not in LONG_RUNNING:
        gc.disable()
        # Nor is it looked for at the end, when the system takes everything back anyway.
        atexit.register(_leave_garbage)
    try:
        # A policy that was not typed by these came by --policy, or from a file.
        options = [
            text
            for action in chosen._actions
            for text in action.option_strings
            if action.dest not in ("when", "to") or getattr(args, action.dest, None)
        ]
        return _done(command, args, options)
    finally:
        if collects:
            gc.enable()


def _leave_garbage() -> None:
    if "duckdb" not in sys.modules:  # it counts what is not given back, and says so
        gc.freeze()


def _done(command: str, args: argparse.Namespace, options: Sequence[str]) -> int:
    """Run a command; what the user can act on is told by its options, a bug is shown as one."""
    from trimtab.cli.screen import trouble
    from trimtab.model.errors import TrimtabError

    if command in LONG_RUNNING:
        from trimtab.cli.screen import compiling
        from trimtab.kernels.compile import before_compiling

        before_compiling(compiling)
    try:
        code: int = module_of(command).run(args)
        sys.stdout.flush()
        return code
    except TrimtabError as error:
        from trimtab.cli.asked import asked_by_options

        trouble(asked_by_options(error, options), as_json=getattr(args, "json", False))
    except BrokenPipeError:
        raise
    except OSError as error:
        trouble(error, as_json=getattr(args, "json", False))
    except Exception:
        import traceback

        traceback.print_exc()
        sys.stderr.write(
            "This is a bug in Trimtab, not in your input. Please report it with the lines above "
            "and the command line.\n"
        )
        if getattr(args, "json", False):
            from trimtab.cli.screen import emit

            emit({"error": "this is a bug in Trimtab: standard error says where"})
    return TROUBLE


def _refuse_misplaced(prog: str, words: list[str], known: Collection[str]) -> None:
    """Refuse an option with a value that stands before the command whose option it is.

    Args:
        prog: What was typed before these words.
        words: The words, of which the first that is no option is taken for the command.
        known: The commands that there are.

    Raises:
        WrongUsage: The value was taken for the command, and a command follows.
    """
    command = _command(words)
    if command is None or command in known:
        return
    place = words.index(command)
    later = next((word for word in words[place + 1 :] if word in known), None)
    option = words[place - 1] if place else ""
    if later is not None and option.startswith("-"):
        raise WrongUsage(prog, _misplaced(option, f"{prog} {later}"))


def _misplaced(option: str, command: str) -> str:
    return f"{option!r} belongs after the command: {command} {option}"


def _command(arguments: list[str]) -> str | None:
    """The first word that is no option of `trimtab` itself."""
    place = 0
    while place < len(arguments):
        word = arguments[place]
        if word in ("-C", "--folder"):
            place += 2
        elif word.startswith("-"):
            place += 1
        else:
            return word
    return None


def _chosen(made: Parser, command: str) -> Parser:
    return _choices(made)[command]


def _choices(made: Parser) -> dict[str, Parser]:
    """The commands of a parser, or the actions of a command."""
    for action in made._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    raise AssertionError("the parser has commands")


def _meant(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    # Without the dashes, which all options have in common.
    plain = {one.lstrip("-"): one for one in known}
    bare = word.lstrip("-")
    near = [one for one in plain if one.startswith(bare)]
    if not 0 < len(near) <= MOST_MEANT:
        near = get_close_matches(bare, plain, n=1, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(plain[one]) for one in near)}?" if near else ""


def _keep_stdout() -> None:
    """Keep standard output for what this program says: a library's own words go nowhere.

    Compiled libraries print to the first descriptor, past Python and its options; some versions of
    HiGHS do so in the middle of a search. One such line spoils what `--json` prints. The program as
    a whole does this, once and before there are threads, and not each use of a library.
    """
    import os

    shown = sys.stdout
    if shown is None:  # closed from the start; what is opened next may become the first descriptor
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        return
    if shown.fileno() != 1:
        return
    kept = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = open(  # noqa: SIM115
        kept, "w", encoding=shown.encoding, errors=shown.errors,
        buffering=1 if shown.line_buffering else -1, closefd=False,
    )  # fmt: skip


def _silence_stdout() -> None:
    """Give the interpreter something to flush into when it ends."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
