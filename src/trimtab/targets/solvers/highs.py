"""HiGHS as targets ask it: one thread, in silence, with matrices by columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def solved(model: Any, *, seconds: float | None = None) -> Any:
    """The solver after it has run on a model, for so many seconds at most."""
    solver = silent()
    if seconds is not None:
        solver.setOptionValue("time_limit", seconds)
    solver.passModel(model)
    solver.run()
    return solver


def silent() -> Any:
    """The solver without a model, to be given one step by step."""
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    return solver


def add_row(solver: Any, row: NDArray[np.float64], low: float | None, high: float | None) -> None:
    """Give a solver one more limit of a sum of its columns; None is no limit."""
    import numpy as np

    place = np.flatnonzero(row).astype(np.int32)
    least, most = -np.inf if low is None else low, np.inf if high is None else high
    solver.addRow(least, most, len(place), place, row[place])


def fill_rows(programme: Any, table: NDArray[np.float64]) -> None:
    """Give a programme its matrix, shape (rows, columns), by columns and without its zeros."""
    import highspy
    import numpy as np

    column, row = np.nonzero(table.T)
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = np.searchsorted(column, np.arange(table.shape[1] + 1))
    programme.a_matrix_.index_ = row
    programme.a_matrix_.value_ = table.T[column, row]
