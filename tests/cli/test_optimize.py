"""`trimtab optimize` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.console import demo_folder
from trimtab.cli.main import main
from trimtab.live.book import open_book


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """Three years of three instruments, calm to wild."""
    rng = np.random.default_rng(7)
    days = np.arange("2018-01-01", "2021-01-01", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    walks = 100 * np.exp(rng.normal(0.0004, [0.006, 0.012, 0.02], (len(days), 3)).cumsum(axis=0))
    rows = [f"{day},{a:.4f},{b:.4f},{c:.4f}" for day, (a, b, c) in zip(days, walks, strict=True)]
    file = tmp_path / "prices.csv"
    file.write_text("\n".join(["date,CALM,MID,WILD", *rows]) + "\n")
    return file


def test_the_weights_for_a_program(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has every field of the contract, as fractions and plain numbers."""
    code = main(["optimize", "--prices", str(prices), "--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert sum(told["weights"].values()) == pytest.approx(1.0)
    assert told["weights"]["CALM"] > told["weights"]["MID"] > told["weights"]["WILD"]
    assert (told["status"], told["solver"]) == ("optimal", "active set")
    assert told["optimality_gap"] < 1e-12
    assert told["sharpe"] == pytest.approx((told["expected_return"] - 0.02) / told["volatility"])
    assert told["objective_value"] == told["volatility"]


def test_the_line_of_the_contract(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--risk-free 0.02 --bounds 0,1` are 2% a year and 0 to 100%: what they are when left out."""
    line = "--objective max-sharpe --risk-aversion 1 --risk-free 0.02 --bounds 0,1"
    asked = line.replace("--risk-aversion 1 ", "").split()

    given = main(["optimize", "--prices", str(prices), *asked, "--json"])
    found = json.loads(capsys.readouterr().out)
    plainly = main(["optimize", "--prices", str(prices), *asked[:2], "--json"])
    usual = json.loads(capsys.readouterr().out)
    main(["optimize", "--prices", str(prices), *asked])

    assert (given, plainly) == (0, 0)
    assert (found["weights"], found["risk_free"]) == (usual["weights"], 0.02)
    assert "Risk-free 2% a year, every weight from 0% to 100%." in capsys.readouterr().out


def test_budgets_of_risk_are_percent(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All but the whole of the risk in one is almost all of the money in it."""
    asked = ["optimize", "--prices", str(prices), "--objective", "risk-parity", "--json"]

    code = main([*asked, "--budgets", "CALM=1,MID=1,WILD=98"])

    assert code == 0
    weights = json.loads(capsys.readouterr().out)["weights"]
    assert weights["WILD"] > weights["MID"] + weights["CALM"]


def test_budgets_that_lack_some_say_how_many(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What has no budget is counted, with what to do."""
    asked = ["optimize", "--prices", str(prices), "--objective", "risk-parity"]

    code = main([*asked, "--budgets", "CALM=100"])

    told = " ".join(capsys.readouterr().err.split())
    assert code != 0
    assert "there is none for MID, WILD, 2 in all: give each instrument a share" in told


@pytest.mark.parametrize("rows", [2, 12])
def test_too_few_days_are_told_once(
    rows: int, prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, not one for each instrument."""
    prices.write_text("\n".join(prices.read_text().splitlines()[: rows + 1]) + "\n")

    code = main(["optimize", "--prices", str(prices)])

    told = " ".join(capsys.readouterr().err.split())
    assert code != 0
    assert told.endswith(
        f"these prices have {rows} days, and 61 are the least to learn from: give more"
    )


@pytest.mark.parametrize("command", ["optimize", "frontier"])
def test_monthly_rows_make_twelve_a_year(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Figures are a year's, by how far apart the rows are: 12 of them where they are months."""
    rng = np.random.default_rng(8)
    months = np.arange("2010-01", "2020-01", dtype="datetime64[M]").astype("datetime64[D]")
    walk = 100 * np.exp(rng.normal(0.005, 0.04, len(months)).cumsum())
    other = 100 * np.exp(rng.normal(0.005, 0.09, len(months)).cumsum())
    rows = [f"{day},{a:.6f},{b:.6f}" for day, a, b in zip(months, walk, other, strict=True)]
    file = tmp_path / "months.csv"
    file.write_text("\n".join(["date,A,B", *rows]) + "\n")
    limits = ["--bounds", "50,50"]

    code = main([command, "--prices", str(file), "--json", *limits])

    told = json.loads(capsys.readouterr().out)
    read = np.array([[float(cell) for cell in row.split(",")[1:]] for row in rows])
    both = (read[1:] / read[:-1] - 1.0).mean(axis=1)
    found = told if command == "optimize" else told["points"][0]
    assert code == 0
    assert found["volatility"] == pytest.approx(both.std(ddof=1) * np.sqrt(12), rel=1e-9)


def test_what_each_adds_to_the_risk_is_told(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Equal shares of the variance where they are asked for; the volatility's parts elsewhere."""
    line = ["optimize", "--prices", str(prices), "--exclude", "MID"]

    main([*line, "--objective", "min-volatility", "--bounds", "0.4,0.6", "--json"])
    least = json.loads(capsys.readouterr().out)
    main(["optimize", "--prices", str(prices), "--objective", "risk-parity", "--json"])
    even = json.loads(capsys.readouterr().out)
    main([*line, "--objective", "min-volatility"])

    assert even["risk_shares"] == pytest.approx(dict.fromkeys(("CALM", "MID", "WILD"), 1 / 3))
    assert least["risk_shares"]["MID"] == 0.0
    assert least["risk_shares"]["WILD"] > least["weights"]["WILD"]
    assert sum(least["risk_shares"].values()) == pytest.approx(1.0)
    assert "of the risk" in capsys.readouterr().out


def test_the_weights_for_a_reader(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table is in percent, the largest weight first, and says what it is worth."""
    code = main(["optimize", "--prices", str(prices), "--objective", "risk-parity"])

    shown = capsys.readouterr().out
    assert code == 0
    assert shown.index("CALM") < shown.index("MID") < shown.index("WILD")
    assert "fit the past" in shown


def test_limits_that_contradict_each_other(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three weights of at most 30% cannot sum to 100%: said in one line, with exit code 1."""
    code = main(["optimize", "--prices", str(prices), "--bounds", "0,30"])

    shown = capsys.readouterr().out
    assert code == 1
    assert "together: each at most 0.3; weights that sum to 1" in " ".join(shown.split())


def test_a_wish_without_its_number_is_refused(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A target return needs to be told which."""
    code = main(["optimize", "--prices", str(prices), "--objective", "target-return"])

    assert code == 1
    assert "wanted" in capsys.readouterr().err


def told(line: str, prices: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """The JSON of a command line, which succeeds."""
    code = main(["optimize", "--prices", str(prices), *line.split(), "--json"])
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    assert code == 0
    return found


def test_groups_scores_and_exclusions(
    prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A group's minimum, an average score's floor and an exclusion all hold."""
    groups, scores = tmp_path / "groups.csv", tmp_path / "scores.csv"
    groups.write_text("symbol,group\nMID,risky\nWILD,risky\nrisky,40,\n")
    scores.write_text("symbol,esg\nCALM,10\nMID,50\nWILD,90\n")

    grouped = told(f"--groups {groups}", prices, capsys)["weights"]
    scored = told(f"--scores {scores} --min-score esg=60", prices, capsys)["weights"]
    without = told("--exclude CALM", prices, capsys)["weights"]

    assert grouped["MID"] + grouped["WILD"] == pytest.approx(0.4)
    average = 10 * scored["CALM"] + 50 * scored["MID"] + 90 * scored["WILD"]
    assert average == pytest.approx(60.0)
    assert without["CALM"] == 0.0


def test_turnover_and_tracking_error(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No more moves than allowed; near a benchmark the weights are near it."""
    moved = told("--weights WILD=100 --turnover 25", prices, capsys)
    near = told("--benchmark WILD=100 --tracking-error 0.5%", prices, capsys)["weights"]

    assert moved["turnover"] == pytest.approx(0.25)
    assert moved["weights"]["WILD"] == pytest.approx(0.75)
    assert 0.95 < near["WILD"] < 1.0


def test_groups_that_contradict_each_other_are_named(
    prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two minimums that exceed the whole are named, and the group that is not needed is not."""
    file = tmp_path / "groups.csv"
    file.write_text("symbol,group\nCALM,a\nMID,b\nWILD,c\na,60,\nb,60,\nc,,90\n")

    code = main(["optimize", "--prices", str(prices), "--groups", str(file)])

    shown = " ".join(capsys.readouterr().out.split())
    assert code == 1
    assert "a at least 0.6" in shown
    assert "b at least 0.6" in shown
    assert "c at most" not in shown


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("--turnover 10", "--weights"),
        ("--tracking-error 5", "--benchmark"),
        ("--min-score esg=5", "--scores"),
        ("--within-days 5", "--value"),
        ("--within-days 5 --value 1000", "volumes"),
        ("--exclude CLAM", "did you mean CALM"),
        ("--weights CALM=50,MID=20 --turnover 5", "not to 100"),
        ("--objective risk-parity --exclude CALM", "takes no constraints"),
    ],
)
def test_limits_that_lack_something_are_refused(
    prices: Path, capsys: pytest.CaptureFixture[str], line: str, word: str
) -> None:
    """What an option needs is named."""
    code = main(["optimize", "--prices", str(prices), *line.split()])

    assert code == 1
    assert word in capsys.readouterr().err


def test_days_of_volume_limit_what_is_held(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A holding can be sold in the days asked for, at a tenth of the volume."""
    rng = np.random.default_rng(7)
    days = np.arange("2020-01-01", "2020-07-01", dtype="datetime64[D]")
    rows = ["date,symbol,close,volume"]
    for symbol, spread, volume in (("CALM", 0.004, 1000), ("WILD", 0.02, 10**6)):
        closes = 100 * np.exp(rng.normal(0, spread, len(days)).cumsum())
        rows += [f"{d},{symbol},{c:.4f},{volume}" for d, c in zip(days, closes, strict=True)]
    file = tmp_path / "long.csv"
    file.write_text("\n".join(rows) + "\n")

    free = told("", file, capsys)["weights"]
    sellable = told("--within-days 5 --value 500000", file, capsys)["weights"]

    # 1,000 a day at about 100 each: a tenth of five days is 50,000 of 500,000.
    assert free["CALM"] > 0.5
    assert sellable["CALM"] == pytest.approx(0.1, rel=0.1)


def test_few_names(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No more names than asked, none tiny, and the proof is told."""
    found = told("--max-names 2 --min-position 30 --min-names 2", prices, capsys)

    held = [weight for weight in found["weights"].values() if weight > 0]
    assert len(held) == 2
    assert min(held) >= 0.3 - 1e-9
    assert (found["status"], found["solver"]) == ("optimal", "branch and bound")


@pytest.mark.parametrize("option", ["--wanted=5", "--risk-aversion=4", "--kappa=1"])
def test_an_option_without_effect_is_refused(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What has an effect with other objectives only is told with those, before prices are read."""
    code = main(["optimize", "--prices", "none.csv", option])

    assert code == 1
    assert "no effect with min-volatility" in " ".join(capsys.readouterr().err.split())


def test_a_time_limit_is_for_every_objective(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A search that ends in time is whole; what has no search says that the limit did nothing."""
    searched = told("--objective min-cvar --time-limit 60", prices, capsys)
    direct = told("--objective hrp --time-limit 60", prices, capsys)

    assert searched["status"] == "optimal"
    assert [finding["code"] for finding in direct["findings"]] == ["time-limit-unused"]


def test_a_folder_has_prices_and_holdings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --prices the portfolio's instruments are weighed, from what is held of them.

    Money that the target keeps stays money, as in `frontier`.
    """
    folder = demo_folder(tmp_path)

    code = main(["-C", str(folder), "optimize", "--turnover", "5", "--json"])
    told = json.loads(capsys.readouterr().out)
    unlimited = main(["-C", str(folder), "optimize", "--objective", "hrp", "--json"])

    assert (code, unlimited) == (0, 0)
    assert json.loads(capsys.readouterr().out)["turnover"] > 0.05
    assert set(told["weights"]) == {"AAPL", "IBM", "BOND10", "CASH"}
    assert told["weights"]["CASH"] == pytest.approx(0.05)
    assert sum(told["weights"].values()) == pytest.approx(1.0)
    # 5% of what is invested, and from 6.96% of cash to 5%.
    assert told["turnover"] == pytest.approx(0.05 * 0.95 + (0.0696 - 0.05) * 0.5, abs=5e-3)


@pytest.mark.parametrize("folder", [False, True], ids=["a frontier", "a folder's table"])
def test_a_time_limit_that_would_do_nothing_is_refused(
    folder: bool, prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Points found directly, and a table that is found by no clock, take no time limit."""
    line = ["frontier", "--prices", str(prices)]
    if folder:
        line = ["-C", str(demo_folder(tmp_path) / "moving"), "optimize"]

    code = main([*line, "--time-limit", "5"])

    assert code == 1
    assert "--time-limit: " in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("options", "unit"),
    [
        ("--objective min-volatility", "half the variance a year"),
        ("--objective utility", "the utility a year"),
        ("--objective min-cvar", "the mean of the worst losses"),
        ("--objective max-sharpe --max-names 2", "the ratio"),
    ],
)
def test_a_gap_says_what_it_is_a_gap_in(
    options: str, unit: str, prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A number without its unit bounds nothing: JSON has both; text says that it is proved."""
    code = main(["optimize", "--prices", str(prices), *options.split()])
    text = " ".join(capsys.readouterr().out.split())

    assert code == 0
    assert "No other weights are better." in text
    assert told(options, prices, capsys)["optimality_gap_in"] == unit


TABLES = {
    "least volatility": 'objective = "min-volatility"',
    "ratio": 'objective = "max-sharpe"\ncovariance = "oas"\nhistory = "2y"',
    "from holdings": 'objective = "utility"\nrisk_aversion = 6\nturnover = 10',
    "a tolerance": "max_volatility = 9",
    "robust": 'objective = "robust-utility"\nexpected = "mean"\nkappa = 0.3',
}


@pytest.mark.parametrize("table", TABLES)
def test_a_folder_is_optimised_as_its_plan_is(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By `[target.optimize]`, cash counted: the very weights that `plan` adopts that day."""
    folder = demo_folder(tmp_path) / "moving"
    file = folder / "portfolio.toml"
    file.write_text(file.read_text().replace(TABLES["least volatility"], TABLES[table], 1))
    if "history" in TABLES[table]:
        file.write_text(file.read_text().replace('\nhistory   = "3y"', ""))
    code = main(["-C", str(folder), "optimize", "--json"])
    told = json.loads(capsys.readouterr().out)

    plan = open_book(folder).plan().value

    target = {row.sleeve: float(row.weight) for row in plan.sleeves if row.is_leaf}
    held_as = {"growth": "AAPL", "value": "IBM", "bonds": "BOND10", "cash": "CASH"}
    assert code == 0
    assert plan.found is not None
    assert plan.found.estimates is not None
    assert told["weights"] == pytest.approx({held_as[name]: w for name, w in target.items()})
    assert told["volatility"] == pytest.approx(float(plan.found.estimates.volatility), abs=1e-6)
    assert told["expected_return"] == pytest.approx(
        float(plan.found.estimates.expected_return), abs=1e-6
    )
    assert "From [target.optimize]" in told["understood"]


def test_options_take_the_place_of_a_table_s_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an option says counts, the rest stays the table's, and the text tells which is which."""
    folder = demo_folder(tmp_path) / "moving"
    line = ["-C", str(folder), "optimize"]

    main([*line, "--objective", "utility", "--risk-aversion", "3", "--json"])
    told = json.loads(capsys.readouterr().out)
    main([*line, "--bounds", "0,0.9", "--objective", "target-return", "--wanted", "16", "--json"])
    wide = json.loads(capsys.readouterr().out)
    refused = main([*line, "--objective", "hrp"])

    from_table, from_options = told["understood"].split("From options:")
    gained, moved = told["expected_return"], told["volatility"]
    assert told["objective_value"] == pytest.approx(gained - 0.5 * 3 * moved**2)
    assert told["weights"]["AAPL"] <= 0.4
    assert "risk aversion 3" in from_options
    assert "covariance sample" in from_table
    assert wide["weights"]["AAPL"] > 0.1
    assert wide["weights"]["CASH"] == pytest.approx(0.05)
    assert wide["expected_return"] == pytest.approx(0.16)
    assert refused == 1
    assert "[target.optimize]" in capsys.readouterr().err


def test_prices_are_brought_to_one_currency(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A euro that moves makes what is quoted in it riskier in dollars; rates need a currency."""
    rng = np.random.default_rng(5)
    days = np.arange("2020-01-01", "2021-01-01", dtype="datetime64[D]")
    walks = 100 * np.exp(rng.normal(0, [0.005, 0.005, 0.01], (len(days), 3)).cumsum(axis=0))
    rows = ["date,symbol,close,currency"]
    for day, (home, away, euro) in zip(days, walks, strict=True):
        rows += [f"{day},HOME,{home:.4f},USD", f"{day},AWAY,{away:.4f},EUR"]
        rows += [f"{day},EURUSD,{euro / 90:.6f},USD"]
    file = tmp_path / "two.csv"
    file.write_text("\n".join(rows) + "\n")

    found = told("--currency USD", file, capsys)["weights"]
    refused = main(["optimize", "--prices", str(file), "--fx", "rates.csv"])

    assert found["HOME"] > 0.7
    assert refused == 1
    assert "--currency" in capsys.readouterr().err


def test_a_page_has_weights_risk_and_the_frontier(
    prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each weight with its share of the risk, the curve with these weights and those of now."""
    page = tmp_path / "page.html"
    line = ["optimize", "--prices", str(prices), "--weights", "CALM=50,WILD=50", "--turnover", "20"]

    code = main([*line, "--report", str(page)])
    shown = capsys.readouterr().out
    main([*line, "--json"])
    told = json.loads(capsys.readouterr().out)

    text = page.read_text()
    assert code == 0
    assert f"Wrote {page}" in " ".join(shown.split())
    for share in (*told["weights"].values(), *told["risk_shares"].values()):
        assert f">{share:.2%}</td>" in text
    assert [text.count(f'<svg class="figure {size}"') for size in ("desk", "phone")] == [3, 3]
    assert text.count('<circle class="found"') == text.count('<circle class="now"') == 2
    assert "<script" not in text


def test_a_page_without_weights_or_without_a_frontier_says_why(
    prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Limits that contradict each other leave no weights; what a frontier refuses, no frontier."""
    none, bare = tmp_path / "none.html", tmp_path / "bare.html"
    line = ["optimize", "--prices", str(prices)]

    main([*line, "--bounds", "0,0.1", "--report", str(none)])
    main([*line, "--objective", "min-cvar", "--time-limit", "9", "--report", str(bare)])

    capsys.readouterr()
    assert "No weights were found." in none.read_text()
    assert "cannot be met together" in none.read_text()
    assert "The frontier is not drawn: --time-limit" in bare.read_text()
    assert "Weights and risk" in bare.read_text()


def test_a_tiny_percent_of_a_folder_is_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What may be a fraction by mistake is told beside what it was used for."""
    folder = demo_folder(tmp_path)
    file = folder / "portfolio.toml"
    file.write_text(file.read_text().replace("band:5pp", "band:0.05pp"))

    main(["-C", str(folder), "optimize", "--turnover", "5"])

    told = " ".join(capsys.readouterr().out.split())
    assert "Did you mean 5pp?" in told
    assert "turnover at most 5% one way" in told
    assert "what has to move counts cash as well" in told
