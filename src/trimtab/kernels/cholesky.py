"""A Cholesky factor that grows and shrinks by one name at a time.

Of a symmetric matrix, over some of its names in any order, the factor is upper triangular with
factor' factor = matrix[names, names]. Its rows are contiguous, so that every loop here runs along
them: that is what lets a compiler work on several places at once without changing a bit. It does
so only where it sees that no place is below zero, hence loops that count from zero and add.
"""

from __future__ import annotations

from math import sqrt

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column

LEAST_PIVOT = 1e-14
"""A pivot below this share of the name's own variance counts as none: the matrix is singular."""


@kernel
def factor(matrix: Column, names: Column, count: int, out: Column) -> int:
    """Fill the first `count` rows of `out` with the factor of `matrix` over `names`.

    Returns:
        -1, or the first place where the matrix is not positive definite.
    """
    gather(matrix, names, count, out)
    for first in range(0, count, 4):
        size = min(4, count - first)
        for d in range(size):
            a = first + d
            into = out[a]
            own = matrix[names[a]][names[a]]
            for p in range(first, a):
                above = out[p]
                times = above[a]
                for k in range(count - a):
                    into[a + k] -= times * above[a + k]
            if not into[a] > LEAST_PIVOT * own:
                return a
            root = sqrt(into[a])
            for k in range(count - a):
                into[a + k] /= root
        if size == 4:
            one, two, three, four = out[first], out[first + 1], out[first + 2], out[first + 3]
            for a in range(count):
                if a >= first + 4:  # seen from zero: see above
                    x1, x2, x3, x4 = one[a], two[a], three[a], four[a]
                    into = out[a]
                    for k in range(count - a):
                        b = a + k
                        into[b] -= x1 * one[b] + x2 * two[b] + x3 * three[b] + x4 * four[b]
    return -1


@kernel
def gather(matrix: Column, names: Column, count: int, out: Column) -> None:
    """Fill the upper half of the first `count` rows of `out` with `matrix` over `names`."""
    for a in range(count):
        row = matrix[names[a]]
        into = out[a]
        for b in range(a, count):
            into[b] = row[names[b]]


@kernel
def append(
    matrix: Column, names: Column, count: int, new: int, out: Column, column: Column
) -> bool:
    """Add the name `new` behind the first `count`; false where the matrix would be singular.

    `column` is work space of `count` places. `names` gets the new name.
    """
    row = matrix[new]
    for a in range(count):
        column[a] = row[names[a]]
    forward(out, count, column)
    own = row[new]
    left = own - dot(column, column, count)
    if not left > LEAST_PIVOT * own:
        return False
    for a in range(count):
        out[a][count] = column[a]
    out[count][count] = sqrt(left)
    names[count] = new
    return True


@kernel
def remove(names: Column, count: int, place: int, out: Column) -> None:
    """Take the name at `place` out of the first `count`; the others keep their order."""
    for a in range(place, count - 1):
        names[a] = names[a + 1]
    for a in range(count):
        row = out[a]
        for b in range(max(place, a - 1), count - 1):
            row[b] = row[b + 1]
    # Below the place each row now has one entry left of its diagonal: turn it away.
    for a in range(place, count - 1):
        upper = out[a]
        lower = out[a + 1]
        x = upper[a]
        y = lower[a]
        length = sqrt(x * x + y * y)
        cosine = x / length
        sine = y / length
        for b in range(a, count - 1):
            kept = upper[b]
            upper[b] = cosine * kept + sine * lower[b]
            lower[b] = cosine * lower[b] - sine * kept


@kernel
def forward(out: Column, count: int, x: Column) -> None:
    """Replace `x` by factor'^-1 x."""
    for a in range(count):
        row = out[a]
        found = x[a] / row[a]
        x[a] = found
        for k in range(count - a - 1):
            b = a + 1 + k
            x[b] -= found * row[b]


@kernel
def backward(out: Column, count: int, x: Column) -> None:
    """Replace `x` by factor^-1 x."""
    for a in range(count - 1, -1, -1):
        row = out[a]
        one, two, three, four = 0.0, 0.0, 0.0, 0.0
        whole = count - (count - a - 1) % 4
        for b in range(a + 1, whole, 4):
            one += row[b] * x[b]
            two += row[b + 1] * x[b + 1]
            three += row[b + 2] * x[b + 2]
            four += row[b + 3] * x[b + 3]
        for b in range(whole, count):
            one += row[b] * x[b]
        x[a] = (x[a] - ((one + two) + (three + four))) / row[a]


@kernel
def dot(one: Column, other: Column, count: int) -> float:
    """The sum of products over the first `count` places; four sums, so that none waits."""
    s1, s2, s3, s4 = 0.0, 0.0, 0.0, 0.0
    whole = count - count % 4
    for a in range(0, whole, 4):
        s1 += one[a] * other[a]
        s2 += one[a + 1] * other[a + 1]
        s3 += one[a + 2] * other[a + 2]
        s4 += one[a + 3] * other[a + 3]
    for a in range(whole, count):
        s1 += one[a] * other[a]
    return (s1 + s2) + (s3 + s4)
