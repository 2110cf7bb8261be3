"""What is refused before any of it is carried out, and what leaves a look open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.folders import bytes_of, folder, opened
from trimtab.adapters.plan_files import load_plan, plan_bytes
from trimtab.cli.rehearsal import rehearsed
from trimtab.live.trading import looked_at
from trimtab.model.errors import RefusedError
from trimtab.model.orders import OrderState


def limited(path: Path, value: int, **kinds: str) -> Path:
    """A folder of which limits.toml refuses a part of the plan."""
    return folder(path, limits_toml=f"max_order_value = {value}\n", **kinds)


def worth(path: Path) -> list[int]:
    """What the trades of the plan are worth, in money, from small to large."""
    return sorted(trade.value // 100 for trade in opened(path).plan().trades)


@pytest.mark.parametrize("broker", ["paper", "manual"])
def test_a_plan_that_is_certain_to_be_refused_in_part_is_refused_whole(
    tmp_path: Path, broker: str
) -> None:
    """Nothing is written or sent; the message names order, limit, and the word for the rest."""
    low, *_, high = worth(folder(tmp_path / "free"))
    path = limited(tmp_path / "a", (low + high) // 2, roth=broker, taxed=broker)
    saved = opened(path).plan().save()
    before = bytes_of(path)

    with pytest.raises(RefusedError, match=r"max_order_value.*--in-part"):
        opened(path).apply(saved, by="me")
    with pytest.raises(RefusedError, match="--in-part"):
        looked_at(opened(path), load_plan(saved))
    told = {finding.code for finding in rehearsed(opened(path), load_plan(saved)).findings}

    assert "plan-refused" in told
    assert bytes_of(path) == before


def test_the_same_plan_is_applied_once_the_limit_is_raised(tmp_path: Path) -> None:
    """Limits are no part of what a plan was made from."""
    low, *_, high = worth(folder(tmp_path / "free"))
    path = limited(tmp_path / "a", (low + high) // 2)
    saved = opened(path).plan().save()
    (path / "limits.toml").write_text(f"max_order_value = {high + 100}\n")

    result = opened(path).apply(saved, by="me")

    assert result.status == "done"
    assert {record.state for record in result.orders} == {OrderState.FILLED}


def test_an_order_that_was_refused_leaves_the_look_open(tmp_path: Path) -> None:
    """Carried out in part, on somebody's word: the next plan says what is due, and trades it."""
    low, *_, high = worth(folder(tmp_path / "free"))
    path = limited(tmp_path / "a", (low + high) // 2)
    saved = opened(path).plan().save()

    result = opened(path).apply(saved, by="me", in_part=True)
    states = {record.state for record in result.orders}
    again = opened(path).plan()

    assert states == {OrderState.REJECTED, OrderState.FILLED}
    assert opened(path).folded().periods_acted == {}
    assert again.due
    assert again.trades
    (path / "limits.toml").unlink()
    assert opened(path).apply(opened(path).plan().save(), by="me").status == "done"
    assert set(opened(path).folded().periods_acted) == {"household"}
    assert opened(path).plan().trades == ()


def test_what_was_begun_in_part_goes_on_without_the_word(tmp_path: Path) -> None:
    """Approved once, with its eyes open: applied again, it says that it is over."""
    low, *_, high = worth(folder(tmp_path / "free"))
    path = limited(tmp_path / "a", (low + high) // 2)
    saved = opened(path).plan().save()
    opened(path).apply(saved, by="me", in_part=True)

    assert opened(path).apply(saved, by="me").status == "already"


@pytest.mark.parametrize("broker", ["paper", "manual"])
def test_an_order_within_the_limit_is_not_refused_at_the_worst_of_its_prices(
    tmp_path: Path, broker: str
) -> None:
    """The limit of a purchase is drawn in to what may be paid for one order."""
    *_, high = worth(folder(tmp_path / "free"))
    path = limited(tmp_path / "a", high + 10, roth=broker, taxed=broker)
    book = opened(path)
    plan = book.plan()

    result = book.apply(plan, by="me")

    assert "beyond-limits" not in {finding.code for finding in plan.findings}
    assert OrderState.REJECTED not in {record.state for record in result.orders}


def test_a_plan_that_trades_nothing_for_an_error_is_neither_saved_nor_carried_out(
    tmp_path: Path,
) -> None:
    """Cash that cannot be raised: the command line and Python refuse it by the same rule."""
    book = opened(folder(tmp_path))
    before = bytes_of(tmp_path)
    plan = book.plan(withdrawals={"roth": 5_000_000})
    assert "cash-short" in {finding.code for finding in plan.findings}
    assert plan.trades == ()

    for act in (plan.save, lambda: book.apply(plan, by="me")):
        with pytest.raises(RefusedError, match=r"short|more than"):
            act()

    assert bytes_of(tmp_path) == before


@pytest.mark.parametrize("broker", ["paper", "manual"])
@pytest.mark.parametrize("told", ["everything is fine", None])
def test_a_plan_whose_text_was_altered_is_refused(
    tmp_path: Path, broker: str, told: str | None
) -> None:
    """What stands in the file for its reader is what is carried out, to the letter."""
    path = folder(tmp_path, roth=broker, taxed=broker)
    saved = opened(path).plan().save()
    text = saved.read_text()
    own = load_plan(saved).text
    assert "nothing has been traded" in own
    changed = "" if told is None else own.replace("nothing has been traded", told)
    saved.write_bytes(plan_bytes(replace(load_plan(saved), text=changed)))
    before = bytes_of(path)

    with pytest.raises(RefusedError, match="text"):
        opened(path).apply(saved, by="me")
    with pytest.raises(RefusedError, match="text"):
        rehearsed(opened(path), load_plan(saved))
    assert bytes_of(path) == before

    saved.write_text(text)
    assert opened(path).apply(saved, by="me").status in ("done", "waiting")


def test_a_plan_that_was_begun_goes_on_whatever_its_text_says(tmp_path: Path) -> None:
    """Another version may write the text in other words: orders on their way are seen through."""
    path = folder(tmp_path)
    saved = opened(path).plan().save()
    opened(path).apply(saved, by="me")
    saved.write_text(saved.read_text().replace("nothing has been traded", "nothing is traded"))

    assert opened(path).apply(saved, by="me").status == "already"
