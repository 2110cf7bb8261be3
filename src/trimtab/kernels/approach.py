"""Quadratic programmes in which many are held, by products with the matrix alone.

A factor of what many hold costs as much as hundreds of products. So who stands where is guessed
from a few projected gradients with the step lengths of Barzilai and Borwein (1988), and the weights
of those who are free follow by conjugate gradients, to the last bits that floats have. Where that
is slow, since the matrix is near singular, it is given up.
"""

from __future__ import annotations

from trimtab.kernels.cholesky import dot
from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column

HALVINGS = 28


@kernel
def approach(
    matrix: Column, linear: Column, marks: tuple[Column, Column, Column],
    costs: tuple[Column, Column],
    row: Column, limit: float, weights: Column, room: tuple[Column, Column, Column], n: int,
    steps: int,
) -> None:  # fmt: skip
    """Improve `weights` by some steps, within the marks and the row.

    Args:
        matrix, linear: What is minimised, half the square included.
        marks: Low, held, high.
        costs: Of a unit below held, and of one above.
        row, limit: row' weights = limit, as nearly as the marks allow.
        weights: In and out; exactly at a mark where they stand at one.
        room: Space to work in, three columns of n.
        n: How many weights.
        steps: How many steps.
    """
    gradient, before, last = room
    length = 0.0
    for i in range(n):
        length = max(length, matrix[i][i])
    length = 1.0 / length
    for i in range(n):
        before[i] = weights[i]
    nearest(marks, costs, row, limit, before, weights, 0.0, n)
    for step in range(steps):
        for i in range(n):
            gradient[i] = linear[i]
        add_product(matrix, weights, gradient, n)
        if step > 0:
            moved, bent = 0.0, 0.0
            for i in range(n):
                by = weights[i] - before[i]
                moved += by * by
                bent += by * (gradient[i] - last[i])
            if not bent > 0.0:
                return
            length = moved / bent
        for i in range(n):
            before[i], last[i] = weights[i], gradient[i]
            gradient[i] = weights[i] - length * gradient[i]
        nearest(marks, costs, row, limit, gradient, weights, length, n)


@kernel
def add_product(matrix: Column, weights: Column, out: Column, n: int) -> None:
    """Add matrix times weights to `out`; four rows at a time, to read it less."""
    whole = n - n % 4
    for a in range(0, whole, 4):
        one, two, three, four = matrix[a], matrix[a + 1], matrix[a + 2], matrix[a + 3]
        x1, x2, x3, x4 = weights[a], weights[a + 1], weights[a + 2], weights[a + 3]
        if x1 != 0.0 or x2 != 0.0 or x3 != 0.0 or x4 != 0.0:
            for b in range(n):
                out[b] += x1 * one[b] + x2 * two[b] + x3 * three[b] + x4 * four[b]
    for a in range(whole, n):
        one, x1 = matrix[a], weights[a]
        for b in range(n):
            out[b] += x1 * one[b]


@kernel
def nearest(
    marks: tuple[Column, Column, Column], costs: tuple[Column, Column], row: Column, limit: float,
    wanted: Column, out: Column, length: float, n: int,
) -> None:  # fmt: skip
    """The weights within marks and row that are nearest to those wanted, cost of moving included.

    The row's price is found by halving; what rounding leaves of it is left.
    """
    reach = 1.0
    while reach < 1e12:
        above = _met(marks, costs, row, wanted, out, length, -reach, n)
        below = _met(marks, costs, row, wanted, out, length, reach, n)
        if below <= limit <= above:
            break
        reach *= 8.0
    low, high = -reach, reach
    for _ in range(HALVINGS):
        price = 0.5 * (low + high)
        if _met(marks, costs, row, wanted, out, length, price, n) > limit:
            low = price
        else:
            high = price


@kernel
def _met(
    marks: tuple[Column, Column, Column], costs: tuple[Column, Column], row: Column, wanted: Column,
    out: Column, length: float, price: float, n: int,
) -> float:  # fmt: skip
    """Fill `out` with the best weights at a price of the row, and return what the row comes to."""
    low, held, high = marks
    sell, buy = costs
    for i in range(n):
        want = wanted[i] - price * row[i]
        up, down = want - length * buy[i], want + length * sell[i]
        here = held[i]
        if up > here:
            here = up
        elif down < here:
            here = down
        out[i] = min(max(here, low[i]), high[i])
    return dot(row, out, n)


@kernel
def conjugate(
    matrix: Column, linear: Column, own: Column, row: Column, limit: float, free: Column,
    weights: Column, gradient: Column, room: tuple[Column, Column], n: int, most: int, quiet: float,
) -> tuple[bool, float]:  # fmt: skip
    """The best free weights under one row, the others standing where they are.

    Conjugate gradients within the row, scaled by the matrix's diagonal.

    Args:
        matrix, linear: What is minimised, half the square included.
        own: What else a unit of each free weight costs.
        row, limit: row' weights = limit.
        free: 1 for free names, 0 for the others.
        weights: In and out.
        gradient: Out: matrix weights + linear + row times its price, of all.
        room: Space to work in, two columns of n.
        n: How many weights.
        most: How many steps it may take.
        quiet: The largest gradient of a free name that counts as none.

    Returns:
        Whether it came so far, and the row's price.
    """
    way, bent = room
    whole, met = 0.0, 0.0
    for i in range(n):
        met += row[i] * weights[i]
        if free[i] != 0:
            whole += row[i] * row[i] / matrix[i][i]
    if not whole > 0.0:
        return False, 0.0
    by = (limit - met) / whole
    for i in range(n):
        way[i] = 0.0
        gradient[i] = linear[i]
        if free[i] != 0:
            weights[i] += by * row[i] / matrix[i][i]
    add_product(matrix, weights, gradient, n)
    before, price = 0.0, 0.0
    for step in range(most):
        price = 0.0
        for i in range(n):
            if free[i] != 0:
                price -= row[i] * (gradient[i] + own[i]) / matrix[i][i]
        price /= whole
        loudest, now = 0.0, 0.0
        for i in range(n):
            if free[i] != 0:
                left = gradient[i] + own[i] + price * row[i]
                loudest = max(loudest, abs(left))
                now += left * left / matrix[i][i]
        if loudest <= quiet:
            for i in range(n):
                gradient[i] += price * row[i]
            return True, price
        kept = now / before if step > 0 else 0.0
        before = now
        for i in range(n):
            bent[i] = 0.0
            if free[i] != 0:
                left = gradient[i] + own[i] + price * row[i]
                way[i] = kept * way[i] - left / matrix[i][i]
        add_product(matrix, way, bent, n)
        curve = dot(way, bent, n)
        if not curve > 0.0:
            return False, price
        length = now / curve
        for i in range(n):
            weights[i] += length * way[i]
            gradient[i] += length * bent[i]
    return False, price
