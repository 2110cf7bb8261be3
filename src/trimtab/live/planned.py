"""A plan together with the book that it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.adapters.plan_files import SavedPlan, save_plan
from trimtab.engine.mandate import Request
from trimtab.live.observed import ObservedBook
from trimtab.model.errors import RefusedError
from trimtab.model.findings import listed
from trimtab.model.numbers import Price
from trimtab.model.plan import Plan, in_its_way

if TYPE_CHECKING:
    from trimtab.reports.status_text import Status


@dataclass(frozen=True, repr=False)
class OpenPlan:
    """A plan with the book it was made from. What a `Plan` has, it has: `plan.trades`.

    Args:
        value: The plan itself.
        book: The book.
        request: What was asked beyond the policy.
        prices: Prices that were typed in.
        day_asked: Whether somebody named the day.
    """

    value: Plan
    book: ObservedBook = field(repr=False, compare=False)
    request: Request
    prices: Mapping[str, Price]
    day_asked: bool = False

    def __getattr__(self, name: str) -> Any:
        if name == "value":  # while it is being copied or unpickled there is none
            raise AttributeError(name)
        return getattr(self.value, name)

    def __repr__(self) -> str:
        from trimtab.reports.words import counted

        return (
            f"<{type(self).__name__} {self.value.id}: {counted(len(self.value.trades), 'trade')}>"
        )

    def __str__(self) -> str:
        return text_of(self.value)

    def explain(self) -> str:
        """Everything: each trade and each trade not made, with reason, cost and tax."""
        return text_of(self.value, explain=True)

    def _repr_html_(self) -> str:
        from trimtab.reports.notebook_plan import plan_notebook

        return plan_notebook(self.value)

    def save(self) -> Path:
        """Write it to `plans/<id>.json`; nothing else changes.

        Raises:
            RefusedError: It trades nothing, and an error stands in its way.
        """
        need_no_errors(self.value)
        text = text_of(self.value)
        saved = SavedPlan(self.value, self.request, self.prices, self.day_asked, text)
        return save_plan(saved, self.book.plans_folder)


class OpenStatus(OpenPlan):
    """Where everything stands: the plan of the day, shown as `trimtab status` shows it."""

    def __str__(self) -> str:
        from trimtab.reports.status_text import status_text

        return status_text(self.standing())

    def standing(self) -> Status:
        """Each sleeve and account as it is, with what is due."""
        from trimtab.reports.status import status_of

        plan, book = self.value, self.book
        return status_of(
            plan,
            state=book.state(plan.as_of),
            mandate=book.mandate(plan.as_of),
            market=book.market_with(plan.as_of, self.prices),
        )


def need_no_errors(plan: Plan) -> None:
    """Refuse a plan that trades nothing and has an error.

    Raises:
        RefusedError: With the errors.
    """
    errors = in_its_way(plan)
    if errors:
        raise RefusedError(
            f"plan {plan.id} trades nothing, and cannot be carried out: {listed(errors)}"
        )


def text_of(plan: Plan, *, explain: bool = False) -> str:
    """A plan as its reader sees it, without colours: the same plan, the same text."""
    from trimtab.reports.plan_text import plan_text

    return plan_text(plan, explain=explain)
