"""Trimtab keeps portfolios on target: plan, review, apply.

    import trimtab as tt

    prices = tt.read_prices("etf.parquet")
    bands = tt.Policy({"SPY": 0.6, "AGG": 0.4}, when="band:5pp", to="half")
    print(tt.backtest(prices, [bands], costs=tt.Costs(bps=5)).summary())

    plan = tt.open("my-portfolio").plan()

Nothing is imported before it is asked for: names are found on first use.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.adapters.price_frames import read_prices as read_prices
    from trimtab.costs import Costs as Costs
    from trimtab.face import advise as advise
    from trimtab.face import backtest as backtest
    from trimtab.face import monte_carlo as monte_carlo
    from trimtab.face import open as open
    from trimtab.face import stress as stress
    from trimtab.face import sweep as sweep
    from trimtab.model.errors import InputError as InputError
    from trimtab.model.errors import RefusedError as RefusedError
    from trimtab.model.errors import TrimtabError as TrimtabError
    from trimtab.model.policy import Policy as Policy
    from trimtab.simulate.bootstrap import bootstrap as bootstrap
    from trimtab.simulate.overfitting import deflated as deflated
    from trimtab.simulate.overfitting import overfitting as overfitting
    from trimtab.targets.constraints import Constraints as Constraints
    from trimtab.targets.constraints import Group as Group
    from trimtab.targets.constraints import Score as Score
    from trimtab.targets.cost_aware import CostAware as CostAware
    from trimtab.targets.cppi import Cppi as Cppi
    from trimtab.targets.foreseen import BlackLitterman as BlackLitterman
    from trimtab.targets.foreseen import View as View
    from trimtab.targets.genetic import GeneticOptimiser as GeneticOptimiser
    from trimtab.targets.glide import Glide as Glide
    from trimtab.targets.optimiser import Optimiser as Optimiser
    from trimtab.targets.tilts import Tilt as Tilt
    from trimtab.targets.tilts import Tilts as Tilts
    from trimtab.targets.volatility import VolatilityTarget as VolatilityTarget

__version__ = "0.1.0"
version = __version__

_WHERE = {
    "BlackLitterman": "trimtab.targets.foreseen",
    "Constraints": "trimtab.targets.constraints",
    "CostAware": "trimtab.targets.cost_aware",
    "Costs": "trimtab.costs",
    "Cppi": "trimtab.targets.cppi",
    "GeneticOptimiser": "trimtab.targets.genetic",
    "Glide": "trimtab.targets.glide",
    "Group": "trimtab.targets.constraints",
    "InputError": "trimtab.model.errors",
    "Optimiser": "trimtab.targets.optimiser",
    "Policy": "trimtab.model.policy",
    "RefusedError": "trimtab.model.errors",
    "Score": "trimtab.targets.constraints",
    "Tilt": "trimtab.targets.tilts",
    "Tilts": "trimtab.targets.tilts",
    "TrimtabError": "trimtab.model.errors",
    "View": "trimtab.targets.foreseen",
    "VolatilityTarget": "trimtab.targets.volatility",
    "advise": "trimtab.face",
    "backtest": "trimtab.face",
    "bootstrap": "trimtab.simulate.bootstrap",
    "deflated": "trimtab.simulate.overfitting",
    "monte_carlo": "trimtab.face",
    "open": "trimtab.face",
    "overfitting": "trimtab.simulate.overfitting",
    "stress": "trimtab.face",
    "sweep": "trimtab.face",
    "read_prices": "trimtab.adapters.price_frames",
}

__all__ = [*sorted(_WHERE), "version"]


def __getattr__(name: str) -> object:
    place = _WHERE.get(name)
    if place is None:
        raise AttributeError(f"module 'trimtab' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(place), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
