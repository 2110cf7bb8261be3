"""The market impact that a plan tells of its trades, beside what it decides by."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from tests.live.folders import TOML, folder, opened
from trimtab.live.book import OpenBook
from trimtab.reports.plan_json import plan_json
from trimtab.reports.plan_why import cost_of_all
from trimtab.reports.status import status_of
from trimtab.reports.status_text import status_text

DAYS = np.busday_offset("2024-02-15", np.arange(31), roll="forward")
STATED = "[costs]\nimpact = 0.8\ntemporary_impact = 3\npermanent_impact = 1.2\n"


def _closes(symbol: str) -> list[float]:
    draw = np.random.default_rng(len(symbol) + ord(symbol[0]))
    last = {"VTI": 260.0, "BND": 72.5}[symbol]
    walk = np.exp(np.cumsum(draw.normal(0.0, 0.01, len(DAYS))))
    return [round(float(close), 2) for close in last * walk / walk[-1]]


def _book(path: Path, costs: str, *, volume: bool = True) -> OpenBook:
    """The folder with thirty sessions of prices, VTI's with a volume."""
    rows = ["date,symbol,close,volume"]
    for symbol in ("VTI", "BND"):
        for t, (day, close) in enumerate(zip(DAYS, _closes(symbol), strict=True)):
            if str(day) == "2024-03-29":
                continue
            told = str(4_000 + 100 * t) if volume and symbol == "VTI" else ""
            rows.append(f"{day},{symbol},{close},{told}")
    toml = TOML.format(roth="paper", taxed="paper").replace(
        "[costs]\n", costs if costs else "[costs]\n"
    )
    return opened(folder(path, portfolio_toml=toml, prices_csv="\n".join(rows)))


def test_a_plan_tells_the_impact_that_a_backtest_would_charge(tmp_path: Path) -> None:
    """Square root, temporary and half of the permanent impact, by the last 20 sessions."""
    plan = _book(tmp_path, STATED).plan(now=True)

    sold = next(trade for trade in plan.trades if trade.instrument == "VTI")
    kept = [t for t, day in enumerate(DAYS) if str(day) <= "2024-03-28"]
    close = np.array(_closes("VTI"))[kept]
    volume = np.array([4_000.0 + 100 * t for t in kept])
    sigma = float(np.std((close[1:] / close[:-1] - 1.0)[-20:], ddof=1))
    money = float(np.mean((close * volume)[-20:]))
    worth, units = float(sold.worth), float(sold.units)
    share = units / float(np.mean(volume[-20:]))
    told = sigma * worth * (0.8 * sqrt(worth / money) + (3.0 + 1.2 / 2.0) * share)
    assert sold.impact == round(100 * told)
    assert sold.impact > 0
    assert plan.impact == sold.impact


def test_impact_changes_no_decision_and_no_cash(tmp_path: Path) -> None:
    """The trades are those of the same costs without it, and no cash is set aside."""
    plain = _book(tmp_path / "plain", "").plan(now=True)

    plan = _book(tmp_path / "stated", STATED).plan(now=True)

    assert [(t.instrument, t.account, t.quantity, t.cost) for t in plan.trades] == [
        (t.instrument, t.account, t.quantity, t.cost) for t in plain.trades
    ]
    assert plan.cash_after == plain.cash_after
    assert plain.impact is None
    assert plan_json(plan.value)["impact"] == f"{plan.impact / 100:.2f}"
    assert "impact" not in plan_json(plain.value)


def test_a_plan_with_impact_is_carried_out(tmp_path: Path) -> None:
    """The estimate is no part of the decision that is checked again before anything is sent."""
    book = _book(tmp_path, STATED)
    saved = book.plan(now=True).save()

    applied = book.apply(saved, by="someone")

    assert {str(order.state) for order in applied.orders} == {"filled"}


def test_what_has_no_volume_is_told(tmp_path: Path) -> None:
    """No impact is estimated for what no volume is known of, and a finding says so."""
    plan = _book(tmp_path, STATED).plan(now=True)

    said = {one.subject for one in plan.findings if one.code == "volume-unknown"}
    assert said == {"BND"}
    assert {trade.instrument for trade in plan.trades if trade.impact is None} == {"BND"}


def test_costs_without_impact_for_one_instrument_ask_for_no_volume(tmp_path: Path) -> None:
    """`[costs.BND]` with no impact is silent: nothing is asked, nothing is missed."""
    none = "".join(f"{key} = 0\n" for key in ("impact", "temporary_impact", "permanent_impact"))
    single = f"{STATED}[costs.BND]\n{none}[costs.VTI]\n"

    plan = _book(tmp_path, single).plan(now=True)

    assert "volume-unknown" not in {one.code for one in plan.findings}
    assert plan.impact is not None


@pytest.mark.parametrize("volume", [True, False])
def test_the_text_says_which_part_of_a_cost_is_impact(tmp_path: Path, volume: bool) -> None:
    """The cost of a trade has its impact in it; `--explain` has both parts of each."""
    plan = _book(tmp_path, STATED, volume=volume).plan(now=True)

    text = plan.explain()

    assert ("market impact" in text) == volume
    assert ("by moving the price" in text) == volume


def test_a_price_file_that_waits_for_its_first_row_hides_no_other(tmp_path: Path) -> None:
    """Prices by hand with a header alone leave the estimates of the other files as they were."""
    root = _book(tmp_path, STATED).portfolio.folder
    before = opened(root).plan(now=True).value.impact
    toml = root / "portfolio.toml"
    named = 'prices = ["prices.csv", "by-hand.csv"]'
    toml.write_text(toml.read_text().replace('prices = "prices.csv"', named))

    (root / "by-hand.csv").write_text("date,symbol,close\n")

    assert before is not None
    assert opened(root).plan(now=True).value.impact == before


def test_status_and_plan_tell_the_same_cost(tmp_path: Path) -> None:
    """Both with the estimated impact, in the same words."""
    book = _book(tmp_path, STATED)
    plan = book.plan(now=True).value
    status = status_of(
        plan, state=book.state(plan.as_of), mandate=book.mandate(plan.as_of),
        market=book.market(plan.as_of),
    )  # fmt: skip

    text = " ".join(status_text(status).split())

    assert plan.impact is not None
    assert cost_of_all(plan) in text
    assert "market impact" in text
