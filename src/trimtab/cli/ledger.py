"""`trimtab ledger`: check the record, read it, correct it, prove an entry, sign where it ends."""

from __future__ import annotations

import argparse
import sys

from trimtab.cli.options import Help, add_folder, add_json, command, day, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from trimtab.cli.options import Commands
    from trimtab.ledger.chain import Entry
    from trimtab.ledger.checkpoint import SignedCheckpoint, SigningKey
    from trimtab.ledger.verify import Verification
    from trimtab.model.findings import Finding

_LARGE = 4_000_000
"""Bytes of a record from which on reading it takes longer than a blink."""

EPILOG = """\
examples:
  trimtab ledger verify                            is it what was written?
  trimtab ledger show --limit 10                   what happened last
  trimtab ledger correct 17 --price 300.25 --reason "typed 30.25"
  trimtab ledger checkpoint > ~/somewhere-else/checkpoint.txt
  trimtab ledger prove 17 > entry-17.proof
`trimtab ledger ACTION --help` has more of each.
"""

EXAMPLES = {
    "verify": """\
examples:
  trimtab ledger verify
  trimtab ledger verify --checkpoint ~/somewhere-else/checkpoint.txt
  trimtab ledger verify --checkpoint checkpoint.txt --key "$(cat key-of-the-other-machine.txt)"
Ends with exit code 1 when anything is not as it was written. Entries that were cut off the end
show only beside a checkpoint that was kept elsewhere.
""",
    "show": """\
examples:
  trimtab ledger show --account roth --limit 10
  trimtab ledger show --symbol VTI --event filled --since 2026-01-01
  trimtab ledger show --plan 2026-03-31-7f3a9c     a plan, its orders and their fills
  trimtab ledger show 17                           one entry, whole
""",
    "prove": """\
examples:
  trimtab ledger prove 17 > entry-17.proof
The proof is of the C2SP form tlog-proof: whoever has it and the public key needs no more of the
record.
""",
    "correct": """\
examples:
  trimtab ledger correct 17 --price 300.25 --reason "typed 30.25"
  trimtab ledger correct 17 --void --reason "the broker took it back"
  trimtab ledger correct 17 --again --reason "it was done after all"
  trimtab ledger correct 1 --lot roth-VTI-1 --basis 25410.00 --reason "the statement of 2017"
`trimtab ledger show` has the numbers of the entries. Nothing is rewritten: what was wrong stays,
and new entries put it right.
""",
    "checkpoint": """\
examples:
  trimtab ledger checkpoint > ~/somewhere-else/checkpoint.txt
  trimtab ledger checkpoint --json
Keep it where whoever can write the record cannot: `trimtab ledger verify --checkpoint` tells by it
whether anything was cut off or rewritten since.
""",
}
"""The examples of each action."""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "ledger",
        "check and read the record",
        description="Check and read the record of everything that happened.",
        epilog=EPILOG,
    )
    actions = parser.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    verify = _action(actions, "verify", "chain, signatures, replay: is it what was written?")
    verify.add_argument("--checkpoint", metavar="FILE", help="a checkpoint that was kept elsewhere")
    verify.add_argument("--key", metavar="KEY", help="the public key that signed it")
    show = _action(actions, "show", "what happened, the newest last")
    show.add_argument(
        "entry", metavar="ENTRY", nargs="?", type=int, help="one entry by its number, whole"
    )
    for names, metavar, text in (
        (("--account",), "ACCOUNT", "only entries of this account"),
        (("--symbol", "--instrument"), "SYMBOL", "only entries of this instrument"),
        (("--event", "--kind"), "EVENT", "only what happened so, as filled or order_sent"),
        (("--order",), "ORDER", "only entries of this order"),
        (("--plan",), "PLAN", "only entries of this plan and its orders: an id or a file"),
    ):
        show.add_argument(*names, dest=names[-1][2:], metavar=metavar, help=text)
    show.add_argument("--since", metavar="DATE", type=day, help="from this day on")
    show.add_argument("--until", metavar="DATE", type=day, help="up to this day, included")
    show.add_argument(
        "--limit", "--last", dest="limit", metavar="N", type=_count, help="only the last N of them"
    )
    prove = _action(actions, "prove", "a proof that an entry stands in the record")
    prove.add_argument("entry", metavar="ENTRY", type=int, help="the number of the entry")
    from trimtab.cli.correction import add_options

    add_options(_action(actions, "correct", "put right what was booked wrongly, after asking"))
    _action(actions, "checkpoint", "sign where the record ends; keep it elsewhere")


def _action(actions: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}{'' if text.endswith('?') else '.'}",
        epilog=EXAMPLES[name],
        formatter_class=Help,
        allow_abbrev=False,
    )
    add_folder(parser, again=True)
    add_json(parser)
    return parser


def _count(text: str) -> int:
    """A whole number above zero."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Do what was asked of the record."""
    from trimtab.cli.correction import run as correct

    actions = {
        "verify": _verify,
        "show": _show,
        "correct": correct,
        "prove": _prove,
        "checkpoint": _checkpoint,
    }
    return actions[args.action](args)


def _path(args: argparse.Namespace) -> Path:
    """The file of the record; that of paper trading where every account trades on paper."""
    from trimtab.live.book import open_book
    from trimtab.model.errors import RefusedError, TrimtabError

    folder = folder_of(args)
    real, paper = folder / "ledger.jsonl", folder / "paper" / "ledger.jsonl"
    try:
        path = open_book(folder).ledger_path
    except TrimtabError:  # a record is read without its folder being in order
        path = real if real.exists() or not paper.exists() else paper
    if not path.exists():
        other = next((one for one in (real, paper) if one.exists()), None)
        if other is not None:
            return other
        raise RefusedError(
            f"there is no record in {folder} yet: the first `trimtab apply` or `trimtab record` "
            "begins it"
        )
    return path


def _entries(path: Path) -> tuple[Entry, ...]:
    """The entries, read without writing anything; a line that is being written is left out."""
    from trimtab.ledger.chain import verify_bytes
    from trimtab.ledger.errors import LedgerDamagedError

    reading = verify_bytes(path.read_bytes())
    for one in _unfinished(path):
        sys.stderr.write(f"{one.subject}: {one.message}\n")
    damage = [problem for problem in reading.problems if problem.code != "line-torn"]
    if damage:
        raise LedgerDamagedError(str(path), damage)
    return reading.entries[: reading.head.seq]


# -- verify ---------------------------------------------------------------------------------------


def _verify(args: argparse.Namespace) -> int:
    from pathlib import Path

    from trimtab.cli.screen import emit, progress, say, screen
    from trimtab.ledger.checkpoint import verifier_key_from
    from trimtab.ledger.verify import verify

    path = _path(args)
    note = Path(args.checkpoint).read_bytes() if args.checkpoint else None
    key = verifier_key_from(args.key) if args.key else None
    if note is not None:
        checkpoint = _checkpoint_in(args.checkpoint, note)
        key = key or _own_key(path, checkpoint.checkpoint.origin)
    found = verify(path.read_bytes(), checkpoint=note, verifier_key=key, on_progress=progress)
    if not path.stat().st_size:
        found = _emptied(found)
    if found.holds:
        progress("comparing the index of `ledger show` ...")
        _put_index_right(path)
    progress("")
    if args.json:
        emit(_verification(found, path))
    else:
        from trimtab.reports.ledger_text import verification_text

        on = screen()
        say(verification_text(found, file=str(path), width=on.width, look=on.look))
    return 0 if found.holds else 1


def _emptied(found: Verification) -> Verification:
    """What is said of a file without a byte: every command that makes one writes entries to it."""
    from dataclasses import replace

    from trimtab.model.findings import Finding

    message = (
        "The file is there and holds no entry. A crash as the record was begun can leave that; if "
        "anything was ever booked here, the file was emptied: restore it from a backup. A "
        "checkpoint kept elsewhere tells which, with --checkpoint."
    )
    others = [one for one in found.findings if one.code != "no-checkpoint"]
    empty = Finding("ledger-empty", "the file", message, "error")
    return replace(found, findings=(empty, *others))


def _verification(found: Verification, path: Path) -> dict[str, Any]:
    from trimtab.reports.plan_json import findings_json

    return {
        "file": str(path),
        "holds": found.holds,
        "entries": found.entries,
        "intact": found.intact,
        "head": found.head.hash,
        "root": found.root,
        "origin": found.origin,
        "state": found.state,
        "checkpoint": None if found.checkpoint is None else found.checkpoint.size,
        "findings": findings_json(found.findings),
    }


def _put_index_right(path: Path) -> None:
    """Throw away an index that hides an entry: what each answer cannot show by itself."""
    from trimtab.adapters.ledger_index import index_of
    from trimtab.adapters.portfolio_tables.files import CACHE_FOLDER, INDEX_FILE

    if not (path.parent / CACHE_FOLDER / INDEX_FILE).exists():
        return
    with index_of(path) as index:
        if not index.is_exact():
            index.rebuild()


def _checkpoint_in(file: str, note: bytes) -> SignedCheckpoint:
    """The checkpoint in a file; what is wrong with it is told with the file's name."""
    from trimtab.ledger.checkpoint import checkpoint_from
    from trimtab.model.errors import RefusedError, TrimtabError

    try:
        return checkpoint_from(note)
    except TrimtabError as error:
        raise RefusedError(f"{file}: {error}") from None


def _own_key(path: Path, origin: str) -> Any:
    """Our own public key for the ledger that a checkpoint names, if we have ever signed it."""
    from trimtab.adapters.keys import key_path, signing_key, trimtab_home

    home = trimtab_home()
    if not key_path(origin, home=home).exists():
        return None
    return signing_key(origin, home=home, outside=path.parent).verifier


# -- show -----------------------------------------------------------------------------------------


def _show(args: argparse.Namespace) -> int:
    from trimtab.adapters.ledger_index import index_of
    from trimtab.cli.screen import emit, progress, remark, say, screen
    from trimtab.model.errors import RefusedError
    from trimtab.reports.ledger_text import (
        corrections_of,
        entries_text,
        entry_json,
        entry_text,
        steps_of,
    )
    from trimtab.reports.plan_json import findings_json

    path = _path(args)
    kind = None if args.kind is None else _kind(args.kind)
    on = screen()
    if path.stat().st_size > _LARGE:
        progress("reading what is new in the record ...")
    with index_of(path) as index:
        progress("")
        corrections = corrections_of(index.query(kind="corrected"))
        if args.entry is not None:
            entry = index.entry(args.entry)
            if entry is None:
                raise RefusedError(f"there is no entry {args.entry}: the record has {len(index)}")
            by = corrections.get(entry.seq, [])
            if args.json:
                emit(entry_json(entry, by))
            else:
                say(entry_text(entry, corrected_by=by, width=on.width, look=on.look))
            return 0
        chosen = index.query(
            kind=kind,
            account=args.account,
            instrument=args.instrument,
            order=args.order,
            plan=None if args.plan is None else _plan_id(args.plan),
            first=args.since,
            last=args.until,
            newest=args.limit,
        )
        of, steps = len(index), steps_of(index.query(kind=["opened", "declared"]))
    if args.json:
        told = [entry_json(entry, corrections.get(entry.seq, [])) for entry in chosen]
        findings = findings_json(_unfinished(path))
        emit({"file": str(path), "of": of, "entries": told, "findings": findings})
    else:
        say(
            entries_text(
                chosen, of=of, steps=steps, corrections=corrections, width=on.width, look=on.look
            )
        )
        remark(_unfinished(path))
    return 0


def _unfinished(path: Path) -> list[Finding]:
    """That the record ends in the middle of a line, if it does."""
    from trimtab.model.findings import Finding

    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 1, 0))
        if file.read(1) in (b"", b"\n"):
            return []
    message = (
        "The last line is unfinished, as a crash leaves it or a process that is just writing, and "
        "is left out here. The next command that writes puts it away; `trimtab ledger verify` says "
        "where it begins."
    )
    return [Finding("ledger-tail-unfinished", str(path), message)]


def _kind(text: str) -> str:
    """A kind of entry, also as the table shows it: `order sent`."""
    from difflib import get_close_matches

    from trimtab.ledger.fold import KINDS
    from trimtab.model.errors import RefusedError

    kind = text.strip().lower().replace(" ", "_").replace("-", "_")
    if kind in KINDS:
        return kind
    near = get_close_matches(kind, sorted(KINDS), n=1, cutoff=0.5)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise RefusedError(
        f"{text!r} is no kind of entry.{meant} There are: {', '.join(sorted(KINDS))}"
    )


def _plan_id(text: str) -> str:
    """The id of a plan, or of the plan in a file."""
    from pathlib import PurePath

    return PurePath(text).stem if text.endswith(".json") else text


# -- prove and checkpoint -------------------------------------------------------------------------


def _prove(args: argparse.Namespace) -> int:
    from trimtab.cli.screen import emit, write
    from trimtab.ledger.checkpoint import checkpoint_of, signed
    from trimtab.ledger.proof import proof_text

    path = _path(args)
    entries = _entries(path)
    key = _key(path, entries)
    proof = proof_text(entries, args.entry, signed(checkpoint_of(entries), key))
    if args.json:
        emit({"entry": args.entry, "proof": proof, "key": str(key.verifier)})
    else:
        write(proof)
        _tell_key(key)
    return 0


def _checkpoint(args: argparse.Namespace) -> int:
    from trimtab.cli.screen import emit, write
    from trimtab.ledger.checkpoint import checkpoint_of, signed

    path = _path(args)
    entries = _entries(path)
    key = _key(path, entries)
    note = signed(checkpoint_of(entries), key)
    if args.json:
        emit({"entries": len(entries), "checkpoint": note, "key": str(key.verifier)})
    else:
        write(note)
        _tell_key(key)
    return 0


def _key(path: Path, entries: tuple[Entry, ...]) -> SigningKey:
    from trimtab.adapters.keys import signing_key, trimtab_home
    from trimtab.ledger.checkpoint import origin_of

    folder = path.parent.parent if path.parent.name == "paper" else path.parent
    return signing_key(origin_of(entries), home=trimtab_home(), outside=folder)


def _tell_key(key: SigningKey) -> None:
    """The public key, beside what goes into a file."""
    sys.stderr.write(f"Who is to check it needs this public key: {key.verifier}\n")
