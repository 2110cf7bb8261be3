"""The values of the model are dataclasses like any other, only made faster."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, field
from functools import cached_property

import pytest

from trimtab.model.frozen import dataclass


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """A value as the standard library makes it."""

    name: str
    amount: int = 3
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Ours:
    """The same as ours."""

    name: str
    amount: int = 3
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)


@dataclasses.dataclass(frozen=True)
class StandardOpen:
    """A value without slots as the standard library makes it."""

    name: str
    amount: int = 3
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Open:
    """The same as ours, with a figure that is worked out when it is asked for."""

    name: str
    amount: int = 3
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)

    @cached_property
    def twice(self) -> int:
        """Twice the amount."""
        return 2 * self.amount


@dataclass(frozen=True, eq=False)
class Itself:
    """A value that is equal to nothing but itself."""

    amount: int = 3


@dataclass(frozen=True, slots=True)
class Checked:
    """A value that refuses to be negative, and says less than it knows."""

    amount: int

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError(self.amount)

    def __repr__(self) -> str:
        return "Checked(...)"


@pytest.mark.parametrize("arguments", [("a",), ("a", 4), ("a", 4, ["x"]), ("a", 4, [], "n")])
def test_a_value_is_what_the_standard_library_makes(arguments: tuple[object, ...]) -> None:
    """Fields, defaults, text and what `dataclasses` does with them are the same."""
    standard, ours = Standard(*arguments), Ours(*arguments)  # type: ignore[arg-type]

    assert repr(ours) == repr(standard).replace("Standard", "Ours")
    assert dataclasses.asdict(ours) == dataclasses.asdict(standard)
    assert dataclasses.astuple(dataclasses.replace(ours, amount=9))[:2] == ("a", 9)
    assert Ours.__match_args__ == Standard.__match_args__
    assert Ours.__slots__ == Standard.__slots__
    assert list(inspect.signature(Ours).parameters) == list(inspect.signature(Standard).parameters)


@pytest.mark.parametrize("arguments", [("a",), ("a", 4, ["x"]), ("a", 4, [], "n")])
def test_a_value_without_slots_is_what_the_standard_library_makes(
    arguments: tuple[object, ...],
) -> None:
    """Text, fields, equality and copies are the same, and what is asked for later is kept."""
    standard, ours = StandardOpen(*arguments), Open(*arguments)  # type: ignore[arg-type]

    assert repr(ours) == repr(standard).replace("StandardOpen", "Open")
    assert dataclasses.asdict(ours) == dataclasses.asdict(standard)
    assert ours == Open(*arguments)  # type: ignore[arg-type]
    assert ours == copy.deepcopy(ours) == pickle.loads(pickle.dumps(ours))
    assert ours != dataclasses.replace(ours, amount=9)
    assert dataclasses.replace(ours, amount=9).twice == 18
    assert list(inspect.signature(Open).parameters) == [*inspect.signature(StandardOpen).parameters]


def test_a_value_without_slots_stays_as_it_is() -> None:
    """Nothing can be set, and without equality a value is only itself."""
    with pytest.raises(FrozenInstanceError):
        Open("a").name = "b"  # type: ignore[misc]
    assert Itself() != Itself()
    assert len({Itself(), Itself()}) == 2


def test_a_value_is_equal_to_its_like_only() -> None:
    """Compared are the fields that are to be compared, of the same class."""
    assert Ours("a", note="x") == Ours("a", note="y")
    assert Ours("a") != Ours("b")
    assert Ours("a") != Standard("a")
    assert hash(Checked(1)) == hash(Checked(1))
    assert {Checked(1), Checked(1), Checked(2)} == {Checked(1), Checked(2)}


def test_a_value_stays_as_it_is() -> None:
    """Nothing can be set, added or taken away."""
    ours = Ours("a")

    with pytest.raises(FrozenInstanceError):
        ours.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        ours.other = "b"  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        del ours.name
    assert not hasattr(ours, "__dict__")


def test_a_default_is_made_anew_for_each_value() -> None:
    """Two values never share a list."""
    one, other = Ours("a"), Ours("a")

    one.tags.append("x")

    assert other.tags == []


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))]
)
def test_a_value_can_be_copied_and_sent(again: object) -> None:
    """A copy, also one that went through another process, is equal."""
    assert callable(again)

    assert again(Ours("a", 4, ["x"])) == Ours("a", 4, ["x"])


def test_what_a_class_says_itself_counts() -> None:
    """Its own checks run, and its own methods stay."""
    assert repr(Checked(1)) == "Checked(...)"
    with pytest.raises(ValueError, match="-1"):
        Checked(-1)


def test_a_wrong_argument_is_named() -> None:
    """Too few or unknown arguments are refused as always."""
    with pytest.raises(TypeError, match=r"Ours\.__init__\(\) missing 1 required .* 'name'"):
        Ours()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="colour"):
        Ours("a", colour="red")  # type: ignore[call-arg]


def test_a_field_may_be_called_as_its_maker_calls_things() -> None:
    """A field keeps what it was given, whatever it is called: `own` once took the whole value."""

    @dataclass(frozen=True, eq=False)
    class Bag:
        """Without slots, with names that are near at hand."""

        own: dict[str, int]
        known: int = 1
        cls: int = 2

    bag = Bag({"a": 3})

    assert (bag.own, bag.known, bag.cls) == ({"a": 3}, 1, 2)
