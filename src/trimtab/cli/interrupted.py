"""What state things are in after Ctrl-C: what was done, what was not, and what to type now."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

AT_THE_QUESTION = "at the question"
"""What an interrupt says that came while a person was asked: nothing was begun."""

_NOTHING = "Nothing was changed."
_BOOKED = (
    "An entry is in the record whole or not at all, and nothing is booked twice: run the same "
    "command again."
)

_STATES = {
    "apply": "Every order that left is in the record, and none leaves twice: run the same command "
    "again, it goes on where it was.",
    "record": _BOOKED,
    "import": _BOOKED,
    "cancel": "What was cancelled stays so: run the same command again for the rest.",
    "halt": "`trimtab status` says whether it is halted; if not, run the same command again.",
    "resume": "`trimtab status` says whether it is halted still; if so, run the same command "
    "again.",
    "init": "The folder may lack files: remove it, and run the same command again.",
    "plan": "Nothing was traded or booked; run the same command again.",
    "backtest": "The portfolio is as it was; files of --out, --report and --png may be missing or "
    "old: run the same command again.",
    "sweep": "Nothing is kept of a sweep without --out; with it, the same command goes on where it "
    "was.",
    "sweep --out": "It had not begun: --out is as it was. Run the same command again.",
    "batch": "Nothing of a run is there until all of it is: run the same command again.",
    "ledger": "The record is as it was.",
    "ledger correct": "`trimtab ledger show --limit 5` says whether the correction was booked; if "
    "not, run the same command again.",
}


def state_after(command: str | None, arguments: Sequence[str], why: str) -> str:
    """What a person should know after an interrupt.

    Args:
        command: The command that ran; None if none did.
        arguments: What was typed.
        why: What the interrupt says: `AT_THE_QUESTION`, or what a command knows of its own state.
    """
    if command is None or why == AT_THE_QUESTION:
        return _NOTHING
    if command == "sweep" and any(one.split("=")[0] == "--out" for one in arguments):
        return why or _STATES["sweep --out"]
    if command == "ledger" and "correct" in arguments:
        command = "ledger correct"
    return _STATES.get(command, _NOTHING)
