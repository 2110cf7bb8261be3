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
    from trimtab.adapters.clock import time_limit as time_limit
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
    from trimtab.simulate.uncertainty.bootstrap import bootstrap as bootstrap
    from trimtab.simulate.uncertainty.overfitting import deflated as deflated
    from trimtab.simulate.uncertainty.overfitting import overfitting as overfitting
    from trimtab.targets.estimators.cost_aware import CostAware as CostAware
    from trimtab.targets.estimators.genetic import GeneticOptimiser as GeneticOptimiser
    from trimtab.targets.estimators.optimiser import Optimiser as Optimiser
    from trimtab.targets.moving.cppi import Cppi as Cppi
    from trimtab.targets.moving.glide import Glide as Glide
    from trimtab.targets.moving.tilts import Tilt as Tilt
    from trimtab.targets.moving.tilts import Tilts as Tilts
    from trimtab.targets.moving.volatility import VolatilityTarget as VolatilityTarget
    from trimtab.targets.objectives.constraints import Constraints as Constraints
    from trimtab.targets.objectives.constraints import Group as Group
    from trimtab.targets.objectives.constraints import Score as Score
    from trimtab.targets.objectives.foreseen import BlackLitterman as BlackLitterman
    from trimtab.targets.objectives.foreseen import View as View

__version__ = "0.1.0"
version = __version__

_WHERE = {
    "BlackLitterman": "trimtab.targets.objectives.foreseen",
    "Constraints": "trimtab.targets.objectives.constraints",
    "CostAware": "trimtab.targets.estimators.cost_aware",
    "Costs": "trimtab.costs",
    "Cppi": "trimtab.targets.moving.cppi",
    "GeneticOptimiser": "trimtab.targets.estimators.genetic",
    "Glide": "trimtab.targets.moving.glide",
    "Group": "trimtab.targets.objectives.constraints",
    "InputError": "trimtab.model.errors",
    "Optimiser": "trimtab.targets.estimators.optimiser",
    "Policy": "trimtab.model.policy",
    "RefusedError": "trimtab.model.errors",
    "Score": "trimtab.targets.objectives.constraints",
    "Tilt": "trimtab.targets.moving.tilts",
    "Tilts": "trimtab.targets.moving.tilts",
    "TrimtabError": "trimtab.model.errors",
    "View": "trimtab.targets.objectives.foreseen",
    "VolatilityTarget": "trimtab.targets.moving.volatility",
    "advise": "trimtab.face",
    "backtest": "trimtab.face",
    "bootstrap": "trimtab.simulate.uncertainty.bootstrap",
    "deflated": "trimtab.simulate.uncertainty.overfitting",
    "monte_carlo": "trimtab.face",
    "open": "trimtab.face",
    "overfitting": "trimtab.simulate.uncertainty.overfitting",
    "stress": "trimtab.face",
    "sweep": "trimtab.face",
    "time_limit": "trimtab.adapters.clock",
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
