"""Names beside points: none lies over another name, over another point, or outside."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.reports.labels import LINE_TALL, UP, Named, placed

ROOM = (0.0, 0.0, 320.0, 240.0)
POINTS = st.lists(
    st.builds(
        Named,
        st.just("name"),
        st.floats(10, 310),
        st.floats(10, 230),
        st.sampled_from([3.5, 7.5]),
        st.floats(15, 110),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(points=POINTS)
def test_no_name_lies_over_a_name_or_another_point(points: list[Named]) -> None:
    """Whatever lies close together, every name that is shown is alone where it stands."""
    found = placed(points, ROOM)

    boxes = [
        (at.x, at.y - UP, at.x + one.wide, at.y - UP + LINE_TALL, number)
        for number, (one, at) in enumerate(zip(points, found, strict=True))
        if at is not None
    ]
    for left, top, right, bottom, number in boxes:
        assert min(left, top) >= 0.0
        assert right <= 320.0
        assert bottom <= 240.0
        for a, b, c, d, other in boxes:
            assert other == number or left >= c or a >= right or top >= d or b >= bottom
        for place, point in enumerate(points):
            reach = point.radius
            assert (
                place == number
                or point.x + reach <= left
                or point.x - reach >= right
                or point.y + reach <= top
                or point.y - reach >= bottom
            )


def test_a_name_that_stands_alone_is_shown() -> None:
    """One point in the middle has its name, up and to its right."""
    (at,) = placed([Named("A", 100, 100, 4, 30)], ROOM)

    assert at is not None
    assert (at.x > 100, at.y < 100) == (True, True)


def test_names_leave_the_curve_alone_where_they_can() -> None:
    """Where a line runs through the usual place, the name stands on the other side."""
    line = [(100.0 + k, 100.0 - k) for k in range(0, 90, 3)]

    (at,) = placed([Named("A", 100, 100, 4, 30)], ROOM, curve=line)

    assert at is not None
    box = (at.x, at.y - UP, at.x + 30, at.y - UP + LINE_TALL)
    assert not any(box[0] <= x <= box[2] and box[1] <= y <= box[3] for x, y in line)


def test_many_points_in_one_place_thin_their_names() -> None:
    """Of twenty names that cannot all stand the first ones do, and the rest are left out."""
    found = placed([Named("A", 100, 100, 4, 60)] * 20, ROOM)

    assert found[0] is not None
    assert found[-1] is None
