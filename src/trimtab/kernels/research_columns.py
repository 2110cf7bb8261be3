"""What the loops of research mode share: allowances, and which row of the work space holds what."""

from __future__ import annotations

from trimtab.kernels.tree import REACH

ALLOWANCE = 1e-12
"""How much nearer to a band than its width counts as at it; trades of less are no trades."""

BLOCK = 128
"""Most sessions valued at a time. A trade makes the rest of its block worthless, so blocks start
at FIRST_BLOCK after it and double: frequent traders waste little, rare ones go in long strides."""
FIRST_BLOCK = 16
LANES = 8
"""Sessions are valued so many at a time: prices and values have room for so many after the last."""

STRETCH = 32
"""Sessions whose highest and lowest prices tell whether one of them can breach a band."""
HIGHS, LOWS = range(2)

# Where `research.run` keeps what it must know when it is called again.
ADOPTED, REBALANCES = 0, 1
TURNOVER, COST_PAID = 0, 1

# Rows of the work space by instrument.
LIMITS, AIMS, HOLDINGS, GOALS, BANDS, PART, ABOVE, BELOW = range(8)
SPACE = 8

# Rows of the work space by inner sleeve; from BRANCH_REACH on, those of `tree`.
BRANCH_SHARE, BRANCH_LIMIT, BRANCH_REACH = range(3)
BRANCH_SPACE = BRANCH_REACH + REACH
