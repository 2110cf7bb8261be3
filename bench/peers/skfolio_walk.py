"""skfolio's walk-forward of least-variance weights; in the environment of optimisers.txt.

python skfolio_walk.py RETURNS.npz WINDOW STEP WEIGHTS.npy
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from time import perf_counter

import numpy as np
from skfolio import RiskMeasure
from skfolio.model_selection import WalkForward, cross_val_predict
from skfolio.optimization import MeanRisk

warnings.simplefilter("ignore")


def main() -> None:
    path, window, step, out = sys.argv[1:5]
    with np.load(path) as given:
        returns = given["returns"]
    walk = WalkForward(train_size=int(window), test_size=int(step))
    # Variances of a day are small: by its own scale its weights would be right to 1e-3 only.
    accuracy = {"tol_gap_abs": 1e-11, "tol_gap_rel": 1e-11}
    model = MeanRisk(risk_measure=RiskMeasure.VARIANCE, scale_objective=1e4, solver_params=accuracy)
    model.fit(returns[: int(window)])  # its first fit loads what the others use
    begun = perf_counter()
    found = cross_val_predict(model, returns, cv=walk)
    seconds = perf_counter() - begun
    np.save(out, np.array([portfolio.weights for portfolio in found]))
    mean = float(np.mean(found.returns))
    print(json.dumps({"seconds": seconds, "mean": mean, "version": version("skfolio")}))


if __name__ == "__main__":
    main()
