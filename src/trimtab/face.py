"""What `import trimtab as tt` offers beyond the names it only passes on."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from trimtab.adapters.price_frames import read_prices
from trimtab.simulate.backtest import backtest as _of_history

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trimtab.live.book import OpenBook
    from trimtab.model.policy import Policy
    from trimtab.simulate.results import Backtest


@wraps(_of_history)
def backtest(prices: object, policies: Policy | Sequence[Policy], **options: Any) -> Backtest:
    """What policies would have done over history; prices may be a frame or a file as well."""
    return _of_history(read_prices(prices), policies, **options)


def open(folder: object = ".") -> OpenBook:
    """Open a portfolio folder, a path: `tt.open("my-portfolio").plan()`. Nothing is written."""
    from trimtab.live.book import open_book

    return open_book(str(folder))
