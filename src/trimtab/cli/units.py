"""Options whose numbers are fractions, or percent with a sign, and how they were understood."""

from __future__ import annotations

import argparse

from trimtab.cli.studied import amount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

MOST = 999
"""Percent beyond this are a slip."""

ALL = (0.0, 1.0)
"""What every weight lies between unless told."""

RISK_FREE = 0.02
"""A riskless rate unless told."""


def risk_free(text: str) -> float:
    """A riskless rate a year: `0.02` or `2%`."""
    from trimtab.model.numbers import NumberError
    from trimtab.model.yearly import yearly_rate

    try:
        return float(yearly_rate(text))
    except NumberError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def percent(text: str) -> float:
    """A share in percent, as a fraction: `15`; below 1 only with its sign, as `0.5%`."""
    from trimtab.model.numbers import fraction_for_percent

    bare = text.strip().removesuffix("%").strip()
    value = amount(bare, "a rate in percent", -99, MOST)
    meant = "" if text.strip().endswith("%") else fraction_for_percent(value)
    if meant:
        raise argparse.ArgumentTypeError(
            f"{text!r} is in percent: did you mean {meant}? Write {bare}% if it is that little"
        )
    return value / 100


def confidence(text: str) -> float:
    """A part of sessions in percent, as a fraction."""
    value = percent(text)
    if not 0.0 < value < 1.0:
        raise argparse.ArgumentTypeError(f"{text!r}: in percent, above 0 and below 100, as 95")
    return value


def bounds(text: str) -> tuple[float, float]:
    """`LOW,HIGH` as fractions: both are fractions within -1 to 1, else both percent.

    A percent sign at either says so outright; beside one without it only 0 is clear.
    """
    from decimal import Decimal

    parts = text.split(",")
    if len(parts) != 2:
        raise argparse.ArgumentTypeError(f"{text!r}: two numbers, as 0,1 or 0,30 or 0%,30%")
    signed = [part.strip().endswith("%") for part in parts]
    low, high = (_number(part) for part in parts)
    if any(signed):
        if any(value != 0 for value, sign in zip((low, high), signed, strict=True) if not sign):
            raise argparse.ArgumentTypeError(f"{text!r}: percent at one of them only; as 5%,30%")
        unit = Decimal("0.01")
    else:
        unit = Decimal(1) if abs(low) <= 1 and abs(high) <= 1 else Decimal("0.01")
    if low > high:
        raise argparse.ArgumentTypeError(f"{text!r}: the lower one first")
    return float(low * unit), float(high * unit)


def _number(text: str) -> Decimal:
    from decimal import Decimal

    bare = text.strip().removesuffix("%").strip()
    amount(bare, "a bound in percent", -MOST, MOST)
    return Decimal(f"0{bare}" if bare.startswith(".") else bare)


def understood(
    risk_free: float,
    bounds: tuple[float, float] | None,
    wanted: float | None = None,
    *,
    limits: Sequence[str] = (),
) -> str:
    """How the numbers of options were read, in a sentence; `limits` as of `limits_read`."""
    low, high = bounds or ALL
    told = [f"Risk-free {risk_free * 100:g}% a year"]
    if wanted is not None:
        told.append(f"wanted {wanted * 100:g}% a year")
    told += [f"every weight from {low * 100:g}% to {high * 100:g}%", *limits]
    return f"{', '.join(told)}."


def limits_read(args: argparse.Namespace) -> list[str]:
    """The limits that options give besides `--bounds`, in percent."""
    told = [
        ("leverage", "long and short together at most {:g}%"),
        ("turnover", "turnover at most {:g}% one way"),
        ("tracking_error", "tracking error at most {:g}% a year"),
        ("min_position", "what is held at least {:g}%"),
        ("max_volatility", "volatility at most {:g}% a year"),
        ("max_loss", "loss of a bad year at most {:g}%"),
    ]
    words = [
        words.format(round(getattr(args, key) * 100, 9))
        for key, words in told
        if getattr(args, key, None)
    ]
    if args.max_names is not None:
        words.append(f"at most {args.max_names} names")
    if args.min_names is not None:
        words.append(f"at least {args.min_names} names")
    return words


def confidence_read(confidence: float, objective: str) -> list[str]:
    """The confidence of an objective that has one."""
    from trimtab.targets.objectives.names import ONLY_FOR

    return [f"confidence {confidence * 100:g}%"] if objective in ONLY_FOR["confidence"] else []
