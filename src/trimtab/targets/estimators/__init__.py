"""Estimators of target weights in the manner of scikit-learn."""
