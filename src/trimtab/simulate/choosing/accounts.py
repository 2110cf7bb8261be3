"""What real accounts said of a change of policy: lots, whole shares, and all tax in the end."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isnan
from typing import Any


@dataclass(frozen=True)
class InAccounts:
    """What runs through the real accounts say of a change that the estimate speaks for.

    Args:
        policy: The name of the policy to which the change would be.
        estimate: What it takes less than the investor's own by the estimate; a share a year.
        gain: The same with cost and tax of the runs in place of the estimate's: lots, whole
            shares, and all sold and taxed at the end, since tax put off is owed all the same. Tax
            is compared on one gain: that of the investor's own run.
        distance: The part of `gain` that comes from being nearer to the target; the rest is cost
            and tax.
        own_left: What the own policy leaves once all is sold and taxed, in money.
        other_left: What the other leaves.
    """

    policy: str
    estimate: float
    gain: float
    distance: float
    own_left: float
    other_left: float

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values; what cannot be told is None."""
        gain = None if isnan(self.gain) else self.gain
        return {**asdict(self), "gain": gain}

    @property
    def sentence(self) -> str:
        """Both figures, and what is left after tax."""
        if isnan(self.gain):
            return f"What {self.policy} takes in these accounts cannot be told."
        more = "less" if self.gain >= 0.0 else "more"
        grew = self.other_left >= self.own_left
        luck = "more" if grew else "less"
        noise = (
            "" if grew == (self.gain >= 0.0)
            else f" That {luck} is left is growth, which on one history tells nothing of the next."
        )  # fmt: skip
        return (
            f"In these accounts, with lots and with all sold and taxed at the end, {self.policy} "
            f"takes {abs(self.gain):.2%} a year {more} for the same growth "
            f"({_less(self.gain - self.distance)} in cost and tax, {_less(self.distance)} for its "
            f"distance from the target), where the estimate says {self.estimate:.2%} less; tax is "
            f"deferred, not forgiven: after all of it "
            f"{self.other_left:,.2f} is left, with your policy {self.own_left:,.2f}.{noise}"
        )


def _less(gain: float) -> str:
    return f"{abs(gain):.2%} {'less' if gain >= 0.0 else 'more'}"
