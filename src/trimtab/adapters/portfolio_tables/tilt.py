"""`[target.tilt]`: written shares that signals shift, within what each sleeve may weigh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from trimtab.adapters.portfolio_tables.moving import months_of, path_of
from trimtab.adapters.portfolio_tables.targets import TILT
from trimtab.adapters.series_file import VALUE
from trimtab.adapters.toml_lines import KeyPath
from trimtab.adapters.toml_table import LARGEST_NUMBER, Table, dotted, near, shown
from trimtab.model.frozen import dataclass
from trimtab.model.sessions import PERIODS, Period
from trimtab.targets.moving.glide import GlidePath
from trimtab.targets.moving.moving import MovingTarget, TiltRule
from trimtab.targets.moving.moving import shown as percent_shown
from trimtab.targets.moving.ranged import UNITS, Range, narrowed
from trimtab.targets.moving.signals import (
    DEVIATION_MONTHS,
    LAG_DAYS,
    MAX_AGE_DAYS,
    MOMENTUM_MONTHS,
    TREND_SESSIONS,
    Rule,
    Signal,
    Source,
)
from trimtab.targets.tree import RawSleeve, TreeProblem, joined

Word = TypeVar("Word", bound=str)

SOURCES: tuple[Source, ...] = ("series", "momentum", "trend")
RULES: tuple[Rule, ...] = ("above", "below", "deviations")
EXAMPLE = 'series = "vix.csv", or momentum = "us", or trend = "us"'


@dataclass(frozen=True, slots=True)
class Tilted:
    """What `[target.tilt]` says.

    Args:
        target: The moving target.
        columns: By signal of a series, the column that has its values.
    """

    target: MovingTarget
    columns: Mapping[str, str]


def tilted_target(target: Table, raws: list[RawSleeve], accounts: list[str]) -> Tilted | None:
    """The tilted target that `[target]` describes, with its problems noted where they are."""
    before = len(target.problems)
    table = target.table(TILT)
    every: Period = table.choice("every", PERIODS, "monthly")
    most = table.percent("max_percent", "10")
    path = path_of(target, _without_limits(raws), accounts)
    sleeves = [] if path is None else [node for node in path.ranges.walk() if node.name]
    read = [_signal(name, inner, sleeves) for name, inner in table.named("sleeve", but=table.known)]
    table.finish()
    if not read and len(target.problems) == before:
        wrong = "nothing tilts it"
        remedy = f"add [{dotted(table.path)}.NAME] with {EXAMPLE}"
        table.problem("", wrong, remedy)
    tree = None if path is None else _limited(target, path, raws)
    if path is None or tree is None or len(target.problems) > before:
        return None
    signals = tuple(signal for signal, _ in read if signal is not None)
    rule = TiltRule(signals, Fraction(100 if most is None else most) / 100)
    columns = {signal.name: column for signal, column in read if signal is not None and column}
    return Tilted(MovingTarget(tree, every=every, glide=path, tilt=rule), columns)


def _signal(name: str, table: Table, sleeves: Sequence[Range]) -> tuple[Signal | None, str]:
    """One signal, and the column of its series; None where anything is wrong."""
    before = len(table.problems)
    source = _one_of(table, SOURCES, EXAMPLE)
    rule = _one_of(table, RULES, "above = 30, or below = 0, or deviations = 2")
    if rule == "deviations" and source != "series":
        wrong = f"{source} has a level, in percent, and no deviations"
        table.problem("deviations", wrong, "write above = 0 or below = 0")
    leaves = [one.name for one in sleeves if not one.children and not one.is_cash]
    of = table.text(source, f'"{"vix.csv" if source == "series" else "us"}"') or ""
    if source != "series" and of and leaves and of not in leaves:
        wrong = f"{shown(of)} is no sleeve with prices of its own"
        table.problem(source, wrong, near(of, leaves))
    level = _signed(table, (rule,), table.value(rule))
    if rule == "deviations" and level is not None and level <= 0:
        table.problem(rule, "it has to be above zero", "write deviations = 2")
    shifts = tuple(_shifts(table, [one.name for one in sleeves]))
    if sleeves and sum(shift for _, shift in shifts) != 0 and len(table.problems) == before:
        total = sum(shift for _, shift in shifts) * 100
        wrong = f"its points add up to {float(total):g}, and what one gains another gives"
        table.problem("shift", wrong, "let them add up to 0, as { stocks = -10, bonds = 10 }")
    keys = _keys(source, rule)
    usual = MOMENTUM_MONTHS if source == "momentum" else DEVIATION_MONTHS
    months = months_of(table, usual) if "history" in keys else usual
    sessions = table.whole("sessions", "200", most=5000) if "sessions" in keys else None
    if sessions is not None and sessions < 2:
        table.problem("sessions", "an average needs two at least", "write sessions = 200")
    over = (table.text("over", '"bills"') or "") if "over" in keys else ""
    if over and leaves and over not in leaves:
        wrong = f"{shown(over)} is no sleeve with prices of its own"
        table.problem("over", wrong, near(over, leaves))
    is_series = source == "series"
    column = (table.text("column", '"CLOSE"') or VALUE) if is_series else ""
    lag = table.whole("lag_days", "1", most=3660) if is_series else None
    lag = LAG_DAYS if lag is None else lag
    age = table.whole("max_age_days", "8", most=3660) if is_series else None
    if age is not None and age < lag:
        wrong = f"no value is younger than its lag of {lag} days"
        table.problem("max_age_days", wrong, f"write max_age_days = {lag + MAX_AGE_DAYS}")
    table.finish()
    if level is None or len(table.problems) > before:
        return None, ""
    return Signal(
        name,
        source,
        of,
        shifts,
        rule,
        level,
        months,
        TREND_SESSIONS if sessions is None else sessions,
        over,
        lag,
        lag + MAX_AGE_DAYS if age is None else age,
    ), column


def _keys(source: Source, rule: Rule) -> tuple[str, ...]:
    """Keys that have an effect beside the source and the rule."""
    if source == "momentum":
        return ("history", "over")
    if source == "trend":
        return ("sessions",)
    return ("history",) if rule == "deviations" else ()


def _one_of(table: Table, keys: Sequence[Word], example: str) -> Word:
    """Which one of several keys is said; the first where none is, which is a problem."""
    said = [key for key in keys if key in table]
    if len(said) == 1:
        return said[0]
    if not said:
        table.problem("", f"none of {', '.join(keys)} is said", f"write {example}")
    else:
        for key in said[1:]:
            table.value(key)
            table.problem(key, f"it has {said[0]} as well", "keep one of them")
    return said[0] if said else keys[0]


def _shifts(table: Table, sleeves: list[str]) -> Iterator[tuple[str, Fraction]]:
    """Points by sleeve, as fractions of the whole."""
    inner = table.table("shift")
    if not inner.values and isinstance(table.values.get("shift", {}), dict):
        table.problem("shift", "what does it shift?", "write { stocks = -10, bonds = 10 }")
    for parts, value in _flat((), inner.values):
        name = ".".join(parts)
        if sleeves and name not in sleeves:
            inner.problem(parts, f"there is no sleeve {shown(name)}", near(name, sleeves))
            continue
        points = _signed(inner, parts, value, most=Decimal(100))
        if points is not None:
            yield name, Fraction(points) / 100


def _flat(
    above: tuple[str, ...], values: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Keys and values, also where TOML reads `stocks.us` as a table in a table."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat((*above, key), value)
        else:
            yield (*above, *((key,) if above else key.split("."))), value


def _signed(
    table: Table, key: KeyPath, value: Any, most: Decimal = LARGEST_NUMBER
) -> Decimal | None:
    """A number that may be below zero."""
    if value is None:
        return None
    is_below = isinstance(value, (int, Decimal)) and not isinstance(value, bool) and value < 0
    found = table.as_number(key, -value if is_below else value, "-10", most=most)
    return -found if found is not None and is_below else found


def _without_limits(raws: Sequence[RawSleeve]) -> list[RawSleeve]:
    """The sleeves as a written target has them."""
    return [
        replace(
            raw,
            least_percent=None,
            most_percent=None,
            children=tuple(_without_limits(raw.children)),
        )
        for raw in raws
    ]


def _limited(target: Table, path: GlidePath, raws: Sequence[RawSleeve]) -> Range | None:
    """What every sleeve may weigh, with its written share between, on every day of a path."""
    problems: list[TreeProblem] = []
    tree = narrowed(_with_limits(path.ranges, _by_name("", raws), problems), problems)
    if not problems:
        for day in path.knots or (date.min,):
            shares = {one.name: one.weight for one in path.tree_on(day).walk()}
            for node in tree.walk():
                problems.extend(_outside(node, shares[node.name], day if path.knots else None))
    for problem in problems:
        parts: KeyPath = tuple(problem.sleeve.split(".")) if problem.sleeve else ()
        key = (*parts, problem.key) if problem.key else parts
        target.problem(key, problem.wrong, problem.remedy)
    return None if problems else tree


def _outside(node: Range, share: Fraction, day: date | None) -> Iterator[TreeProblem]:
    """A strategic share that its own limits do not allow."""
    units = share * UNITS
    if node.name and not node.least <= units <= node.most:
        key = "min_percent" if units < node.least else "max_percent"
        limit = percent_shown(Fraction(node.least if units < node.least else node.most, UNITS))
        when = "" if day is None else f" on {day}"
        wrong = f"its own share is {percent_shown(share)}{when}, which {limit} does not allow"
        yield TreeProblem(node.name, key, wrong, "let percent lie between the limits")


def _by_name(parent: str, raws: Sequence[RawSleeve]) -> dict[str, RawSleeve]:
    found: dict[str, RawSleeve] = {}
    for raw in raws:
        name = joined(parent, raw.name)
        found |= {name: raw, **_by_name(name, raw.children)}
    return found


def _with_limits(node: Range, raws: Mapping[str, RawSleeve], problems: list[TreeProblem]) -> Range:
    children = tuple(_with_limits(child, raws, problems) for child in node.children)
    if not node.name:
        return replace(node, children=children)
    raw = raws[node.name]
    least = _units(node.name, "min_percent", raw.least_percent, 0, problems)
    most = _units(node.name, "max_percent", raw.most_percent, UNITS, problems)
    is_limited = raw.least_percent is not None or raw.most_percent is not None
    return replace(node, least=least, most=most, is_limited=is_limited, children=children)


def _units(
    name: str, key: str, percent: Decimal | None, usual: int, problems: list[TreeProblem]
) -> int:
    if percent is None:
        return usual
    if percent * 100 != int(percent * 100):
        wrong = f"{percent} has more than two decimals"
        problems.append(TreeProblem(name, key, wrong, "shares are found to two decimals: round it"))
    return int(percent * 100)
