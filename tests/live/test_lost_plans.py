"""Open orders whose plan file is gone: the record has them, so there is a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.folders import by_hand, fills, opened
from trimtab.cli.main import main
from trimtab.live.book import OpenBook
from trimtab.model.errors import InputError, RefusedError


def lost(path: Path) -> tuple[OpenBook, Path]:
    """Tickets of a plan that was applied by hand and whose file was deleted."""
    book = by_hand(path)
    file = book.plan(now=True).save()
    book.apply(file, by="me")
    file.unlink()
    return book, file


def is_open(book: OpenBook) -> bool:
    """Whether any order is still open."""
    return any(not one.state.is_final for one in book.folded().orders.values())


def test_cancel_works_from_the_record(tmp_path: Path) -> None:
    """What is open is closed, and it is said that the file is gone."""
    book, file = lost(tmp_path)
    assert is_open(book)

    applied = book.cancel(file)

    assert not is_open(book)
    assert "plan-lost" in {one.code for one in applied.findings}


def test_recording_works_from_the_record(tmp_path: Path) -> None:
    """What was really traded is booked; the rest is closed."""
    book, file = lost(tmp_path)
    order = next(one.order for one in book.folded().orders.values() if one.order.side == "sell")
    price = {"VTI": "260.00", "BND": "72.50"}[order.instrument]
    row = f"{order.account},{order.instrument},sell,1,{price},0,2024-03-28\n"

    book.record(file, fills(tmp_path, row), close=True, by="me")

    assert book.folded().orders[order.id].filled == 1
    assert not is_open(book)
    assert set(book.folded().periods_acted) == {"household"}
    assert not opened(tmp_path).plan().due


@pytest.mark.parametrize("is_lost", [False, True])
def test_what_was_traded_before_a_cancel_uses_the_look_up(tmp_path: Path, is_lost: bool) -> None:
    """What is cancelled after a part was traded was acted on: nothing is due, as it is said."""
    book = by_hand(tmp_path)
    file = book.plan(now=True).save()
    book.apply(file, by="me")
    row = "roth,VTI,sell,1,260.00,0,2024-03-28\n"
    book.record(file, fills(tmp_path, row), by="me")
    if is_lost:
        file.unlink()

    applied = book.cancel(file)

    (told,) = [one.message for one in applied.findings if one.code == "plan-unfinished"]
    assert "waits until something is due again" in told
    assert set(book.folded().periods_acted) == {"household"}
    assert not opened(tmp_path).plan().due


def test_nothing_is_booked_as_planned_without_the_plan(tmp_path: Path) -> None:
    """The record does not have the planned prices: a file or `--close` is asked for."""
    book, file = lost(tmp_path)

    with pytest.raises(RefusedError) as refused:
        book.record(file, by="me")

    assert f"trimtab record {file.stem} --close" in str(refused.value)
    assert is_open(book)


def test_the_commands_take_the_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`apply ID` names the ways out, and `record ID --close` is one."""
    book, file = lost(tmp_path)

    assert main(["-C", str(tmp_path), "apply", file.stem, "--yes"]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert main(["-C", str(tmp_path), "record", file.stem, "--close", "--yes"]) == 1

    assert f"`trimtab cancel {file.stem}`" in told
    assert not is_open(book)


def test_what_was_never_applied_is_no_plan(tmp_path: Path) -> None:
    """Without a file and without a word in the record there is nothing to cancel."""
    book = by_hand(tmp_path)

    with pytest.raises(InputError):
        book.cancel(tmp_path / "plans" / "2024-03-28-abcdef.json")

    assert book.folded().orders == {}
