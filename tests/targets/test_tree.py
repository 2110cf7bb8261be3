"""The target tree: exact shares, sums that must hold, and problems told all at once."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.model.sleeves import Sleeve
from trimtab.targets.tree import RawSleeve, target_tree


def leaf(name: str, percent: str, *hold: str) -> RawSleeve:
    """A sleeve with a hold list and a share of the whole."""
    return RawSleeve(name, percent=Decimal(percent), hold=hold)


def part(name: str, percent_of_parent: str, *hold: str) -> RawSleeve:
    """A sleeve with a hold list and a share of its parent."""
    return RawSleeve(name, percent_of_parent=Decimal(percent_of_parent), hold=hold)


def branch(name: str, percent: str, *children: RawSleeve) -> RawSleeve:
    """A sleeve that others divide."""
    return RawSleeve(name, percent=Decimal(percent), children=children)


def root_of(*sleeves: RawSleeve) -> Sleeve:
    """The tree of sleeves that are right."""
    root, problems = target_tree(sleeves)
    assert problems == ()
    assert root is not None
    return root


def test_weights_are_exact_shares_of_the_whole() -> None:
    """Thirds to four places and the rest add up as written, without rounding."""
    root = root_of(leaf("a", "33.3333", "A"), leaf("b", "33.3333", "B"), leaf("c", "33.3334", "C"))

    assert [sleeve.weight for sleeve in root.leaves()] == [
        Fraction(333333, 1000000),
        Fraction(333333, 1000000),
        Fraction(333334, 1000000),
    ]


def test_percent_and_percent_of_parent_say_the_same() -> None:
    """54 of the whole is 67.5 of a parent of 80."""
    whole = root_of(
        branch("stocks", "80", leaf("us", "54", "VTI"), leaf("intl", "26", "VXUS")),
        leaf("bonds", "20", "BND"),
    )

    parted = root_of(
        branch("stocks", "80", part("us", "67.5", "VTI"), part("intl", "32.5", "VXUS")),
        part("bonds", "20", "BND"),
    )

    assert whole == parted
    assert [sleeve.name for sleeve in whole.walk()] == [
        "", "stocks", "stocks.us", "stocks.intl", "bonds",
    ]  # fmt: skip


def test_cash_is_an_ordinary_leaf() -> None:
    """A sleeve may be filled with money."""
    root = root_of(leaf("stocks", "95", "VTI"), leaf("cash", "5", "CASH"))

    assert root.leaves()[1].hold == ("CASH",)


@pytest.mark.parametrize(
    ("sleeves", "expected"),
    [
        pytest.param([], [("", "")], id="no sleeve"),
        pytest.param([leaf("a", "99.99", "A")], [("", "")], id="a hundredth short"),
        pytest.param([leaf("a", "60", "A"), leaf("b", "41", "B")], [("", "")], id="over"),
        pytest.param(
            [branch("s", "80", leaf("a", "50", "A"), leaf("b", "29", "B")), leaf("c", "20", "C")],
            [("s", "percent")],
            id="children below their parent",
        ),
        pytest.param(
            [branch("s", "100", part("a", "50", "A"), part("b", "49", "B"))],
            [("s", "percent_of_parent")],
            id="parts below 100",
        ),
        pytest.param(
            [branch("s", "80", leaf("a", "40", "A"), part("b", "51", "B")), leaf("c", "20", "C")],
            [("s", "percent")],
            id="the two ways mixed",
        ),
        pytest.param(
            [RawSleeve("a", percent=Decimal(100))], [("a", "hold")], id="leaf without hold"
        ),
        pytest.param([leaf("a", "100")], [("a", "hold")], id="empty hold"),
        pytest.param(
            [RawSleeve("s", Decimal(100), hold=("B",), children=(leaf("a", "100", "A"),))],
            [("s", "hold")],
            id="hold and children",
        ),
        pytest.param([RawSleeve("a", hold=("A",))], [("a", "percent")], id="no share"),
        pytest.param(
            [RawSleeve("a", Decimal(100), Decimal(100), hold=("A",))],
            [("a", "percent_of_parent")],
            id="share said twice",
        ),
        pytest.param(
            [leaf("a", "50", "X"), leaf("b", "50", "Y", "X")], [("b", "hold")], id="in two leaves"
        ),
        pytest.param([leaf("a", "100", "X", "X")], [("a", "hold")], id="twice in one leaf"),
        pytest.param(
            [branch("s", "70", leaf("a", "60", "A"), RawSleeve("b")), leaf("c", "20", "A")],
            [("", ""), ("s.b", "percent"), ("s.b", "hold"), ("c", "hold")],
            id="everything at once",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_sleeve(
    sleeves: list[RawSleeve], expected: list[tuple[str, str]]
) -> None:
    """Every problem names the sleeve and key it is at, and all are told at once."""
    root, problems = target_tree(sleeves)

    assert root is None
    assert [(problem.sleeve, problem.key) for problem in problems] == expected


def test_a_wrong_sum_says_what_it_is_and_by_how_much() -> None:
    """The figures that a person needs to correct a sum are in the message."""
    _, problems = target_tree([leaf("a", "54", "A"), leaf("b", "45.5", "B")])

    assert "99.5" in problems[0].wrong
    assert "0.5 too little" in problems[0].wrong


@settings(deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=8))
def test_leaves_of_a_valid_tree_sum_to_one(parts: list[int]) -> None:
    """However the portfolio is divided, the leaves of an accepted target are all of it."""
    rest = 8 * 10**6 - sum(parts)
    percents = [Decimal(part).scaleb(-6) * 100 / 8 for part in [*parts, rest]]
    sleeves = [leaf(f"s{i}", str(percent), f"I{i}") for i, percent in enumerate(percents)]

    root, problems = target_tree(sleeves)

    assert problems == ()
    assert root is not None
    assert sum(sleeve.weight for sleeve in root.leaves()) == 1


@pytest.mark.parametrize(
    ("shares", "below", "said"),
    [
        (("0.6", "0.4"), (), "shares are in percent: did you mean us=60,bonds=40?"),
        (("60", "0.4"), (), "let percent add up to exactly 100"),
        (("60", "40"), ("0.45", "0.15"), "did you mean large=45,small=15?"),
        (("0.6", "0.4"), ("0.45", "0.15"), "did you mean us=60,bonds=40?"),
    ],
)
def test_fractions_where_percent_is_meant_are_shown_as_percent(
    shares: tuple[str, str], below: tuple[str, ...], said: str
) -> None:
    """Whoever writes 0.6 for 60 percent reads what to write, once for the whole tree."""
    names = zip(("large", "small"), below, strict=False)
    inner = [leaf(name, share, name) for name, share in names]
    us = branch("us", shares[0], *inner) if inner else leaf("us", shares[0], "US")

    _, problems = target_tree([us, leaf("bonds", shares[1], "BND")])

    assert [said] == [one.remedy[-len(said) :] for one in problems]
