"""Lots after a sale, for tests."""

from __future__ import annotations

from dataclasses import replace

from trimtab.model.accounts import Lot
from trimtab.taxes.relief import basis_part


def remaining(lot: Lot, steps: int) -> Lot | None:
    """What is left of a lot after `steps` of it were sold; None when nothing is."""
    if steps == lot.quantity:
        return None
    basis = None if lot.basis is None else lot.basis - basis_part(lot, steps)
    return replace(lot, quantity=lot.quantity - steps, basis=basis)
