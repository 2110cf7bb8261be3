"""Saved plans: exactly what was saved, or refused."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path

import pytest

from tests.live.folders import TOML, bytes_of, folder, opened
from trimtab.adapters.plan_files import SavedPlan, load_plan, save_plan
from trimtab.engine.decide import plan_hash
from trimtab.engine.mandate import Request
from trimtab.model.errors import InputError, RefusedError, TrimtabError
from trimtab.model.plain import from_plain
from trimtab.model.plan import Plan


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved plan with trades."""
    book = opened(folder(tmp_path_factory.mktemp("portfolio")))
    return book.plan(deposits={"roth": 500}, prices={"BND": "72.55"}).save()


def test_what_is_saved_is_what_is_loaded(saved: Path) -> None:
    """Plan, request and typed prices come back as they were."""
    loaded = load_plan(saved)

    assert saved.stem == loaded.plan.id
    assert loaded.request == Request(deposits={"roth": 50_000})
    assert {name: str(price) for name, price in loaded.prices.items()} == {"BND": "72.55"}
    assert loaded.plan.trades
    assert loaded.sha256.startswith(loaded.plan.id.rpartition("-")[2])


@pytest.mark.parametrize("broker", ["paper", "manual"])
def test_a_plan_in_the_finest_steps_is_applied_and_recorded(tmp_path: Path, broker: str) -> None:
    """A step of 0.00000001, as coins have it, goes from the folder through the plan to the record.

    Written as 1E-8 it made a saved plan that nothing could read.
    """
    fine = "\n[instruments.VTI]\nstep = 0.00000001\n"
    made = folder(tmp_path, portfolio_toml=TOML.format(roth=broker, taxed=broker) + fine)
    book = opened(made)
    plan = book.plan()
    file = plan.save()
    book.apply(file, by="me")
    done = book.apply(file, by="me") if broker == "paper" else book.record(file, by="me")

    assert any(t.step == Decimal("0.00000001") and t.quantity % 100 for t in plan.trades)
    assert done.folded.cash == dict(plan.cash_after)
    assert opened(made).plan().trades == ()


@pytest.mark.parametrize("seed", range(60))
def test_any_changed_byte_of_the_plan_is_refused(saved: Path, tmp_path: Path, seed: int) -> None:
    """One byte changed, lost or added anywhere in the plan: refused with a message."""
    r = random.Random(seed)
    data = bytearray(saved.read_bytes())
    start, end = data.index(b'"plan"'), data.index(b'"text"')
    place = r.randrange(start, end)
    kind = seed % 3
    if kind == 0:
        data[place] ^= 1 << r.randrange(7)
    elif kind == 1:
        del data[place]
    else:
        data.insert(place, r.choice(b" 0123456789abc"))
    path = tmp_path / saved.name
    path.write_bytes(data)

    with pytest.raises(TrimtabError) as caught:
        load_plan(path)
    assert isinstance(caught.value, InputError | RefusedError)
    assert str(path) in str(caught.value)


def test_another_unit_is_refused(saved: Path, tmp_path: Path) -> None:
    """A quantity edited by hand is refused, whether or not the hash was computed anew by hand."""
    content = json.loads(saved.read_text())
    content["plan"]["trades"][0]["quantity"] *= 1000
    path = tmp_path / saved.name
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    with pytest.raises(RefusedError):
        load_plan(path)

    content["hash"] = plan_hash(from_plain(Plan, content["plan"]))
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    with pytest.raises(RefusedError):
        load_plan(path)


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{", '{"format": "other"}', "[" * 5000, '{"format": "trimtab-plan/1"}',
     '{"a": NaN}', "\x00\xff"],
)  # fmt: skip
def test_other_files_are_no_plans(tmp_path: Path, text: str) -> None:
    """Whatever is not a saved plan is an input error that names the file."""
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(InputError, match=r"x\.json"):
        load_plan(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """No such file, said with its name."""
    with pytest.raises(InputError, match=r"none\.json"):
        load_plan(tmp_path / "none.json")


def test_saving_twice_keeps_the_file_and_never_overwrites_another(
    saved: Path, tmp_path: Path
) -> None:
    """The same plan again changes nothing; another content under the same name is kept."""
    loaded = load_plan(saved)
    first = save_plan(loaded, tmp_path)
    before = bytes_of(tmp_path)
    assert save_plan(loaded, tmp_path) == first
    assert bytes_of(tmp_path) == before

    first.write_text("somebody's notes")
    with pytest.raises(RefusedError):
        save_plan(loaded, tmp_path)
    assert first.read_text() == "somebody's notes"


def test_the_text_is_not_part_of_the_hash(saved: Path) -> None:
    """How a plan is shown may change without making it another plan."""
    loaded = load_plan(saved)

    other = SavedPlan(loaded.plan, loaded.request, loaded.prices, loaded.day_asked, "other words")

    assert other.sha256 == loaded.sha256
