"""Whether a plan may be carried out at all, asked once, before it is approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.model.errors import RefusedError
from trimtab.model.findings import listed
from trimtab.model.plan import Plan, in_its_way

if TYPE_CHECKING:
    from trimtab.adapters.plan_files import SavedPlan
    from trimtab.execution.application import Application


def admit(run: Application, saved: SavedPlan) -> None:
    """Refuse what is not to be approved: a plan that an error stands in the way of, or whose text
    is not the one it has. One that was approved before goes on.

    Raises:
        RefusedError: Says why; nothing was written.
    """
    if run.is_approved:
        return
    need_no_errors(saved.plan)
    _need_own_text(saved)


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


def _need_own_text(saved: SavedPlan) -> None:
    """Refuse a file whose text says something else than its plan: that is what its reader saw."""
    from trimtab.live.planned import text_of

    if saved.text != text_of(saved.plan):
        raise RefusedError(
            f"the text in the file of plan {saved.plan.id} is not what the plan says: it was "
            "altered, or another version made it. Plan again."
        )
