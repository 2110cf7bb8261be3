"""Brokers: the one contract, what volume allows, what the file of the paper broker survives."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tests.execution.broker_contract import BrokerContract, Shop, order, terms_and_book
from tests.execution.desks import StillClock
from trimtab.adapters.paper_broker import PaperBroker
from trimtab.execution.brokers import KnowsFates, MemoryBroker
from trimtab.execution.faults import FaultyBroker, ScriptedBroker
from trimtab.model.orders import OrderState


def paper(path: Path, **more: object) -> PaperBroker:
    """A paper broker in a file."""
    terms, book = terms_and_book(**more)
    return PaperBroker(path, terms=terms, book=book, clock=StillClock())


class TestMemoryBroker(BrokerContract):
    """The fake in the package."""

    @pytest.fixture
    def shop(self) -> Shop:
        """A shop in memory."""
        terms, book = terms_and_book()
        return Shop(MemoryBroker(terms, book), book())


class TestPaperBroker(BrokerContract):
    """The paper broker in a file."""

    @pytest.fixture
    def shop(self, tmp_path: Path) -> Shop:
        """A shop in a file."""
        return Shop(paper(tmp_path / "paper" / "broker.jsonl"), terms_and_book()[1]())


class TestScriptedBroker(BrokerContract):
    """The broker for drills, while nothing goes wrong."""

    @pytest.fixture
    def shop(self) -> Shop:
        """A shop without faults."""
        terms, book = terms_and_book()
        return Shop(ScriptedBroker(MemoryBroker(terms, book), {}), book())


def test_volume_limits_what_is_filled() -> None:
    """An order gets its part of the day's volume; the rest ends with the day."""
    terms, book = terms_and_book(volumes={"VTI": Fraction(250)}, participation=Fraction(1, 10))
    broker = MemoryBroker(terms, book)

    broker.submit(order("sell", "VTI", 40))

    accepted, part, end = broker.report(0)[1]
    assert accepted.state is OrderState.ACCEPTED
    assert part.fill is not None
    assert (part.state, part.fill.quantity) == (OrderState.PARTLY_FILLED, 25)
    assert end.state is OrderState.CANCELLED


def test_without_volume_nothing_is_filled() -> None:
    """A day on which nothing was traded fills nothing."""
    terms, book = terms_and_book(volumes={"VTI": Fraction(0)}, participation=Fraction(1, 10))
    broker = MemoryBroker(terms, book)

    broker.submit(order("sell", "VTI", 40))

    assert [event.state for event in broker.report(0)[1]] == [
        OrderState.ACCEPTED,
        OrderState.CANCELLED,
    ]


def test_the_paper_broker_remembers_after_a_restart(tmp_path: Path) -> None:
    """Opened anew, it knows its orders, reports the same, and sells nothing twice."""
    path = tmp_path / "broker.jsonl"
    sold = order("sell", "VTI", 60)
    paper(path).submit(sold)

    again = paper(path)
    again.submit(sold)

    assert again.orders == (sold,)
    assert again.report(0) == paper(path).report(0)
    assert sum(event.fill is not None for event in again.report(0)[1]) == 1


def test_a_torn_last_line_is_an_order_that_never_came(tmp_path: Path) -> None:
    """A crash within the write leaves the order untaken: it can be sent again."""
    path = tmp_path / "broker.jsonl"
    broker = paper(path)
    broker.submit(order("sell", "VTI", 10))
    broker.submit(order("buy", "BND", 10))
    path.write_bytes(path.read_bytes()[:-30])

    after = paper(path)

    assert after.fate(order("sell", "VTI", 10).id) is not None
    assert after.fate(order("buy", "BND", 10).id) is None
    assert after.submit(order("buy", "BND", 10)).state is OrderState.FILLED


def test_two_paper_brokers_on_one_file_take_an_order_once(tmp_path: Path) -> None:
    """Two processes that send the same order make one order."""
    one, other = paper(tmp_path / "broker.jsonl"), paper(tmp_path / "broker.jsonl")
    sold = order("sell", "VTI", 60)

    one.submit(sold)
    other.submit(sold)

    assert other.orders == (sold,)
    assert one.report(0) == other.report(0)


def test_a_broker_without_knowledge_of_fates_says_so() -> None:
    """Only a broker that can say for certain is asked for fates."""
    terms, book = terms_and_book()

    assert isinstance(MemoryBroker(terms, book), KnowsFates)
    assert not isinstance(FaultyBroker(MemoryBroker(terms, book), {}), KnowsFates)
