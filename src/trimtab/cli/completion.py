"""`trimtab completion`: a script with which a shell completes commands and options."""

from __future__ import annotations

import argparse

from trimtab.cli.options import add_json, command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.cli.options import Commands
SHELLS = ("bash", "zsh", "fish")

EPILOG = """\
examples:
  trimtab completion bash > ~/.local/share/bash-completion/completions/trimtab
  trimtab completion zsh  > "${fpath[1]}/_trimtab"
  trimtab completion fish > ~/.config/fish/completions/trimtab.fish
"""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "completion",
        "print a completion script for a shell",
        description="Print a script with which a shell completes commands and options. Put it "
        "where the shell looks for such scripts, as below, and start a new shell.",
        epilog=EPILOG,
    )
    parser.add_argument("shell", choices=SHELLS, help="the shell that is to complete")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the script; with --json an object of `shell` and `script`."""
    import shtab

    from trimtab.cli.main import parser
    from trimtab.cli.screen import emit, say
    from trimtab.model.errors import RefusedError

    if args.shell not in shtab.SUPPORTED_SHELLS:
        raise RefusedError(
            f"the installed shtab makes no scripts for {args.shell}: pip install -U shtab"
        )
    script = shtab.complete(parser(), shell=args.shell).rstrip("\n")
    if args.json:
        emit({"shell": args.shell, "script": script + "\n"})
    else:
        say(script)
    return 0
