"""A plan's text says what the plan says, and nothing in it is obeyed by a terminal."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.engine.generated import generated
from tests.engine.households import DAY
from trimtab.engine.decide import decide
from trimtab.execution.dividends import told_expected
from trimtab.model.findings import Finding
from trimtab.model.plan import Plan, Trade
from trimtab.reports.layout import ASCII, FULL, columns_of
from trimtab.reports.plan_json import plan_json
from trimtab.reports.plan_text import plan_text
from trimtab.reports.plan_trades import _reason
from trimtab.reports.status_text import HALF, bar
from trimtab.reports.words import money, percent, sentence

PLANS = st.integers(0, 400).map(lambda seed: made(seed))


def made(seed: int) -> Plan:
    """A plan for a generated household."""
    case = generated(random.Random(seed))
    return decide(case.state, case.mandate, case.market, DAY)


@settings(max_examples=60, deadline=None)
@given(PLANS, st.booleans())
def test_every_trade_is_shown_with_its_figures(plan: Plan, explain: bool) -> None:
    """Each trade's side, instrument, value and cost stand in one line, short or long."""
    lines = plan_text(plan, width=160, explain=explain).split("\n")

    for trade in plan.trades:
        wanted = (trade.side, trade.instrument, money(trade.value), money(trade.cost))
        assert any(all(part in line for part in wanted) for line in lines)
    assert "nothing has been traded" in lines[0]


@settings(max_examples=60, deadline=None)
@given(PLANS)
def test_the_header_adds_up(plan: Plan) -> None:
    """Drift, tax, cost and cash are those of the plan."""
    text = plan_text(plan, width=160)

    for target, before in plan.drift_before.items():
        assert f"Drift {percent(before)}" in text
        if plan.trades:
            assert f"-> {percent(plan.drift_after[target])}" in text
    if plan.trades:
        assert f"Tax this year {money(plan.tax, sign=True)}" in text
        assert f"Trading cost {money(plan.cost)}" in text


@settings(max_examples=40, deadline=None)
@example(made(207), 120)
@given(PLANS, st.sampled_from([80, 100, 120]))
def test_a_plan_fits_its_terminal(plan: Plan, width: int) -> None:
    """No line is wider than the terminal."""
    lines = plan_text(plan, width=width, explain=True).split("\n")

    assert max(columns_of(line) for line in lines) <= width


@settings(max_examples=40, deadline=None)
@given(PLANS)
def test_the_reader_of_ascii_misses_nothing(plan: Plan) -> None:
    """A terminal without other signs gets the same lines."""
    full, plain = plan_text(plan), plan_text(plan, look=ASCII)

    assert plain.isascii()
    assert len(plain.split("\n")) == len(full.split("\n"))


@settings(max_examples=40, deadline=None)
@given(PLANS, st.text(max_size=30))
def test_names_and_messages_are_literal(plan: Plan, text: str) -> None:
    """No name, sentence or message of a plan can move a cursor or change a colour."""
    noted = replace(
        plan,
        household=text,
        readings=tuple(replace(one, why=one.why + text) for one in plan.readings),
        trades=tuple(replace(one, instrument=text, why=text) for one in plan.trades),
        left_alone=tuple(replace(one, why=text) for one in plan.left_alone),
        findings=(*plan.findings, Finding("x", text, text, "error")),
    )

    shown = plan_text(noted, explain=True)

    assert all(sign.isprintable() or sign == "\n" for sign in shown)
    assert "\x1b" not in shown


@settings(max_examples=40, deadline=None)
@given(PLANS)
def test_json_holds_what_the_plan_holds(plan: Plan) -> None:
    """Every member of a plan has its place, money as text, and JSON can write it."""
    value = plan_json(plan)

    assert set(value) == set(Plan.__dataclass_fields__)
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert all(re.fullmatch(r"-?\d+\.\d\d", value[name]) for name in ("tax", "cost"))


@pytest.mark.parametrize(
    ("away", "band", "place"),
    [
        (Fraction(0), Fraction(1, 20), 0),
        (Fraction(1, 1000), Fraction(1, 20), 0),
        (Fraction(1, 50), Fraction(1, 20), 2),
        (Fraction(499, 10000), Fraction(1, 20), HALF // 2 - 1),
        (Fraction(1, 20), Fraction(1, 20), HALF // 2),
        (Fraction(-1, 20), Fraction(1, 20), -HALF // 2),
        (Fraction(1, 10), Fraction(1, 20), HALF),
        (Fraction(9, 10), Fraction(1, 20), HALF),
        (Fraction(-9, 10), Fraction(1, 20), -HALF),
        (Fraction(1, 20), None, HALF // 2),
    ],
)
def test_the_mark_stands_where_the_sleeve_stands(
    away: Fraction, band: Fraction | None, place: int
) -> None:
    """On the edge only what has reached the band; beyond it what is beyond; never off the bar."""
    drawn = bar(away, band, ASCII)

    assert len(drawn) == 2 * HALF + 1
    assert drawn.index(ASCII.here) - HALF == place


def test_gains_and_losses_stand_apart() -> None:
    """A tax on gains does not stand beside a sum that losses have made smaller."""
    trade = a_sale()
    lots = tuple(replace(trade.lots[0], gain=gain, term="long") for gain in (90_000, -40_000))
    plan = replace(made(7), trades=(replace(trade, lots=lots, tax=13_500),))

    text = plan_text(plan, width=160)

    assert "2 lots, +900.00 -400.00 long, tax 135.00" in text


@pytest.mark.parametrize("gap", [None, 0, 10, 11])
def test_how_far_from_the_best_is_for_who_asks(gap: int | None) -> None:
    """How far whole numbers may be from the best ones is no warning: `--explain` tells it."""
    trade = replace(a_sale(), quantity=5, value=50)
    plan = replace(made(7), trades=(trade,), gap=gap)

    short, full = plan_text(plan), plan_text(plan, explain=True)

    assert "from the best whole numbers of these trades" not in short
    assert ("from the best whole numbers of these trades" in full) is bool(gap)


def test_a_withdrawal_that_is_refused_is_not_out_of_the_cash() -> None:
    """Under an error nothing is planned, so the cash is what lies there."""
    short = Finding("cash-short", "brokerage", "too much", "error")
    plan = replace(
        made(7), trades=(), findings=(short,), cash_after={"brokerage": -900_000},
        flows={"brokerage": -1_000_000},
    )  # fmt: skip

    text = plan_text(plan)

    assert "Cash 1,000.00" in text
    assert "-9,000.00" not in text


def test_without_trades_a_gap_is_of_trades_that_were_not_found() -> None:
    """Nothing is said of whole numbers of trades where there are none."""
    text = plan_text(replace(made(7), trades=(), gap=11), width=160, explain=True)

    assert "these trades" not in text
    assert "up to 0.11 less drift, cost and tax" in text


@pytest.mark.parametrize(("has_trades", "times"), [(True, 1), (False, 0)])
def test_what_is_proved_is_said_of_these_trades_alone(has_trades: bool, times: int) -> None:
    """The search keeps instruments and directions, so nothing is claimed about other trades."""
    plan = replace(made(7), trades=(a_sale(),) if has_trades else (), gap=0)

    text = plan_text(plan, width=160, explain=True)

    assert text.count("Proved: no other quantities of the instruments searched do better") == times
    assert text.count("Another instrument in their place may.") == times
    assert text.count("Proved") == times


def test_a_remedy_is_told_in_the_words_of_whoever_asks() -> None:
    """Python names its keyword, a command line its option; the finding itself names neither."""
    finding = Finding("price-jump", "SPX", "SPX is not believed")
    plan = replace(made(7), findings=(finding,))
    here = replace(FULL, ask=lambda keyword, subject: f"{keyword} of {subject}")

    in_python, elsewhere = plan_text(plan, width=160), plan_text(plan, width=160, look=here)

    assert "not believed. If it is right, give it with prices={'SPX': P}." in in_python
    assert "not believed. If it is right, give it with prices of SPX." in elsewhere
    assert "prices=" not in elsewhere


def test_a_command_in_a_message_can_be_pasted() -> None:
    """Thousands are marked for the reader, never in what is to be typed."""
    message = "SPX went to 3183.10: give it with --price SPX=3183.10"
    plan = replace(made(7), findings=(Finding("price-jump", "SPX", message),))

    text = " ".join(plan_text(plan, width=160).split())

    assert "went to 3,183.10: give it with --price SPX=3183.10." in text


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2000))
@example(61)
def test_the_table_and_the_sentences_give_one_figure(seed: int) -> None:
    """What a row says of a sleeve, its reason says too, whatever comes in or goes out."""
    plan = decide(*generated(random.Random(seed)).arguments)

    for trade in plan.trades:
        told = _reason(plan, trade).removesuffix("; from the deposit")
        figure = re.fullmatch(r"(.+) (\S+pp) (over|under)( after flows)?", told)
        wanted = told if figure is None else "{} is {} {} its target{}".format(
            figure[1], figure[2], figure[3], figure[4] or ""
        )  # fmt: skip
        wanted = re.sub(r"^cash (?=[\d,.]+ short$)", f"cash in {trade.account} is ", wanted)
        assert wanted in sentence(trade.why)


def a_sale() -> Trade:
    """A sale of lots whose gains are taxed, of some generated household."""
    sales = (
        trade
        for seed in range(60)
        for trade in made(seed).trades
        if trade.side == "sell" and trade.lots and trade.lots[0].term != "none"
    )
    return next(sales)


def test_the_same_plan_is_the_same_text() -> None:
    """A text depends on nothing but its plan."""
    assert plan_text(made(7)) == plan_text(made(7))


def test_several_expected_dividends_are_one_line_with_their_sum() -> None:
    """Each is named, none has a paragraph of its own, and one alone is told as it was."""
    paid = {("a", "BDX"): [(DAY, 1049)], ("b", "VTX"): [(DAY, 10_000)]}
    both, one = told_expected(paid), told_expected({("a", "BDX"): [(DAY, 1049)]})

    together = plan_text(replace(made(7), findings=tuple(both)), width=200)
    alone = plan_text(replace(made(7), findings=tuple(one)), width=200)

    assert "2 dividends are expected, 110.49 in all: BDX 2026-03-31 10.49 in a, VTX" in together
    assert together.count("imported") == 1
    assert "BDX went ex dividend on 2026-03-31: expect 10.49 in a." in alone


@pytest.mark.parametrize("scope", ["brokerage", "household"])
def test_the_rows_of_a_halted_account_say_that_they_are_blocked(scope: str) -> None:
    """Whoever reads the table alone sees which trades cannot leave."""
    sale = replace(a_sale(), account="brokerage")
    other = replace(a_sale(), account="roth")
    halt = Finding("halted", scope, f"{scope} is halted: looked wrong", "error")
    plan = replace(made(7), trades=(sale, other), findings=(halt,))

    text = plan_text(plan, width=200)

    assert text.count(f"blocked, {scope} is halted;") == (1 if scope == "brokerage" else 2)
