"""The record in memory keeps the contract."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ledger.contract import LedgerStoreContract
from trimtab.ledger.memory import MemoryLedger


class TestMemoryLedger(LedgerStoreContract):
    """The fake behaves as the file does."""

    @pytest.fixture
    def fresh(self) -> Callable[[], MemoryLedger]:
        """Makes an empty record."""
        return MemoryLedger
