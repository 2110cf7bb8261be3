"""Whether a plan may be carried out at all, asked once, before it is approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.live.planned import need_no_errors, text_of
from trimtab.model.errors import RefusedError

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


def _need_own_text(saved: SavedPlan) -> None:
    """Refuse a file whose text says something else than its plan: that is what its reader saw."""
    if saved.text != text_of(saved.plan):
        raise RefusedError(
            f"the text in the file of plan {saved.plan.id} is not what the plan says: it was "
            "altered, or another version made it. Plan again."
        )
