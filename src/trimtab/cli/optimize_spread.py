"""How the options of `trimtab optimize` and `frontier` come by a covariance."""

from __future__ import annotations

import argparse

from trimtab.targets.objectives.estimated import COVARIANCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from trimtab.targets.estimators.given import Spread


def add_spread(parser: argparse.ArgumentParser) -> None:
    """Describe the options; at most one of them is given."""
    spread = parser.add_mutually_exclusive_group()
    spread.add_argument(
        "--covariance",
        choices=COVARIANCES,
        help="how the covariance is estimated (default: sample)",
    )
    spread.add_argument(
        "--covariance-file",
        metavar="FILE",
        help="a covariance of your own, a year's: symbol, then a column for each symbol (CSV or "
        "Parquet)",
    )
    spread.add_argument(
        "--factors",
        metavar="FILE",
        help="the covariance by factors of your own: date, then the returns of a session of each "
        "factor as fractions (CSV or Parquet)",
    )


def is_given(args: argparse.Namespace) -> bool:
    """Whether a file says the covariance, or by which factors it is estimated."""
    return args.covariance_file is not None or args.factors is not None


def spread_by(
    args: argparse.Namespace, names: Sequence[str], returns: Any, days: Any, *, year: float
) -> Spread:
    """The covariance that the options ask for: a word, or a matrix in the order of the names.

    Args:
        args: The options.
        names: Of the instruments, n of them.
        returns: Simple returns of theirs, shape (sessions, n).
        days: Of the returns, shape (sessions,).
        year: Sessions that make a year.

    Raises:
        InputError: A file cannot be used.
        RefusedError: Factors do not cover the history.
    """
    if args.covariance_file is not None:
        from trimtab.adapters.matrix_file import read_covariance

        return read_covariance(args.covariance_file, names)
    if args.factors is not None:
        return _by_factors(args.factors, names, returns, days, year)
    word: Spread = args.covariance or "sample"
    return word


def _by_factors(path: str, names: Sequence[str], returns: Any, days: Any, year: float) -> Spread:
    """The covariance by factors whose returns are known, shape (n, n)."""
    from pathlib import Path

    import numpy as np

    from trimtab.adapters.matrix_file import read_factors
    from trimtab.estimates.factors import given_factors
    from trimtab.model.errors import InputError, Problem, RefusedError

    file = Path(path).name
    known, _, factors = read_factors(path)
    days = np.asarray(days, dtype="datetime64[D]")
    lacking = days[~np.isin(days, known)]
    if len(lacking):
        wrong = f"it has no row for {len(lacking):,} of {len(days):,} days of returns"
        told = f"{lacking[0]} is the first; look at other days with --start and --end, or fill in"
        raise InputError([Problem(file, None, "date", wrong, told)])
    gaps = [name for name, own in zip(names, returns.T, strict=True) if np.isnan(own).any()]
    if gaps:
        raise RefusedError(
            f"--factors: {', '.join(gaps[:5])} lack prices on some of these days: leave them out "
            "of the prices, or look at other days with --start and --end"
        )
    try:
        model = given_factors(returns, factors[np.searchsorted(known, days)], sessions_a_year=year)
    except ValueError as error:
        remedy = "take out what blends others or never changes, or look further back (--start)"
        raise InputError([Problem(file, None, "", str(error), remedy)]) from None
    return model.dense()
