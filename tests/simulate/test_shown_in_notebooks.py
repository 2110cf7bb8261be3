"""One policy's result, and its measures, in a notebook."""

from __future__ import annotations

from tests.simulate.markets import lively
from trimtab.model.policy import Policy
from trimtab.simulate.research.backtest import backtest


def test_one_result_and_its_measures_are_tables_in_a_notebook() -> None:
    """A result shows the row that it has among all; measures show each with its figure."""
    result = backtest(lively("AB", 300), Policy({"A": 0.6, "B": 0.4}, name="mix <1>"))
    one = result["mix <1>"]

    shown, measures = one._repr_html_(), one.measures._repr_html_()

    assert "mix &lt;1&gt;" in shown
    assert f"{one.final_value:,.2f}" in shown
    assert "sharpe" in measures.lower()
    assert measures.count("<tr>") == 1 + len(one.measures.figures())
