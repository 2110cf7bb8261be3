"""A choice of weights as other people's solvers take it: linear rows, and cones where they must be.

    minimise  1/2 x'Px + q'x    subject to  low <= Gx <= high, and |F x + f| <= g'x + h

x holds the weights, then what the limits need beside them: how far each stands from what is held,
and how large it is. HiGHS takes what has no cones; Clarabel, where it is installed, takes all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.solvers.highs import fill_rows, solved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ENDED_WELL = ("Solved", "AlmostSolved")
TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True)
class Cone:
    """`|rows x + offset| <= most x + room`, shapes (k, n), (k,), (n,) and a number."""

    rows: Floats
    offset: Floats
    most: Floats
    room: float


@dataclass(frozen=True, slots=True)
class Conic:
    """The problem above.

    Args:
        matrix: P, shape (n, n), symmetric, positive semidefinite.
        linear: q, shape (n,).
        rows: G, shape (m, n).
        low, high: Shape (m,); infinite for none.
        cones: Of second order.
    """

    matrix: Floats
    linear: Floats
    rows: Floats
    low: Floats
    high: Floats
    cones: tuple[Cone, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a solver made of it.

    Args:
        status: In its own words.
        values: x; None where there is no answer.
        gap: By its own account, how much better any other could be; NaN where it tells none.
    """

    status: str
    values: Floats | None = None
    gap: float = float("nan")


def by_highs(asked: Conic) -> Found:
    """The answer of HiGHS; the problem has no cones."""
    import highspy
    import numpy as np

    assert not asked.cones, "HiGHS takes no cones"
    n, m = len(asked.linear), len(asked.rows)
    model = highspy.HighsModel()
    lp = model.lp_
    lp.num_col_, lp.num_row_ = n, m
    lp.col_cost_ = asked.linear
    lp.col_lower_, lp.col_upper_ = np.full(n, -np.inf), np.full(n, np.inf)
    lp.row_lower_, lp.row_upper_ = asked.low, asked.high
    fill_rows(lp, asked.rows)
    if asked.matrix.any():
        column, row = np.nonzero(np.triu(asked.matrix))  # by columns of the lower half
        model.hessian_.dim_ = n
        model.hessian_.format_ = highspy.HessianFormat.kTriangular
        model.hessian_.start_ = np.searchsorted(column, np.arange(n + 1))
        model.hessian_.index_ = row
        model.hessian_.value_ = asked.matrix[row, column]
    solver = solved(model)
    status = solver.getModelStatus()
    told = str(solver.modelStatusToString(status)).lower()
    if status != highspy.HighsModelStatus.kOptimal:
        return Found(told)
    return Found(told, np.array(solver.getSolution().col_value))


def by_clarabel(asked: Conic) -> Found | None:
    """The answer of Clarabel; None where it is not installed."""
    try:
        import clarabel
        from scipy import sparse
    except ImportError:
        return None
    import numpy as np

    equal = asked.low == asked.high
    over, under = np.isfinite(asked.high) & ~equal, np.isfinite(asked.low) & ~equal
    rows = [asked.rows[equal], asked.rows[over], -asked.rows[under]]
    right = [asked.high[equal], asked.high[over], -asked.low[under]]
    cones = [
        clarabel.ZeroConeT(int(equal.sum())),
        clarabel.NonnegativeConeT(int(over.sum() + under.sum())),
    ]
    for cone in asked.cones:
        rows.append(-np.vstack([cone.most, cone.rows]))
        right.append(np.concatenate([[cone.room], cone.offset]))
        cones.append(clarabel.SecondOrderConeT(1 + len(cone.rows)))
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = TOLERANCE
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix(np.triu(asked.matrix)),
        asked.linear,
        sparse.csc_matrix(np.vstack(rows)),
        np.concatenate(right),
        cones,
        settings,
    )
    found = solver.solve()
    status = str(found.status)
    if status not in ENDED_WELL:
        return Found(status)
    gap = abs(float(found.obj_val) - float(found.obj_val_dual))
    return Found(status, np.array(found.x), gap)
