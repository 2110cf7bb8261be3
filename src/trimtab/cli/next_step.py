"""What to type after a plan: carry it out, or first what stands in the way of that."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.live.book import OpenBook
    from trimtab.model.plan import Plan


def after_plan(plan: Plan, book: OpenBook, *, saved: str, elsewhere: str) -> list[str]:
    """The last lines under a saved plan.

    Args:
        plan: The plan.
        book: What it was made from.
        saved: Its file, as a shell takes it.
        elsewhere: The option that names the folder, with a space before it; empty for this one.
    """
    apply, again = f"trimtab{elsewhere} apply", f"trimtab{elsewhere} plan"
    codes = {one.code: one.subject for one in reversed(plan.findings)}
    broken = {one.code for one in plan.findings if one.severity == "error"}
    since = book.folded().actions_through
    if "record-lost" in codes:
        return ["In the way: the record is gone", f"Next: restore it from a backup, then {again}"]
    if "mixed-household" in codes:
        do = "Next: write one kind of broker for all accounts in portfolio.toml, then"
        return ["In the way: some accounts trade on paper and others do not", f"{do} {again}"]
    if "broker-unknown" in codes:
        name = codes["broker-unknown"]
        do = f'Next: write broker = "manual" or "paper" under [accounts.{name}], then {again}'
        return [f"In the way: the broker of {name} is not set up", do]
    if since is not None and plan.as_of < since:
        told = f"In the way: it looks at {plan.as_of}, and the record reaches {since}"
        return [told, f"Next: {again}, with --as-of {since} or later"]
    halted = _halted(plan, book)
    if halted:
        do = f"Next: trimtab{elsewhere} resume {halted} --reason TEXT, then {again}"
        return [f"In the way: {halted} is halted, no order of it leaves", do]
    if "limits-wrong" in codes:
        return ["In the way: limits.toml is wrong", f"Next: correct it, then {apply} {saved}"]
    if "beyond-limits" in broken:
        told = "In the way: orders beyond limits.toml, for which `apply` refuses the whole plan"
        rest = f"(the rest alone: {apply} --in-part {saved})"
        return [told, f"Next: raise the limit, then {apply} {saved}", rest]
    purpose = "" if plan.trades else "    (notes that it was looked at; nothing to trade)"
    return [f"Next: {apply} {saved}{purpose}"]


def _halted(plan: Plan, book: OpenBook) -> str:
    """A halt that holds orders of the plan back, as `trimtab resume` names it; empty if none."""
    import shlex

    from trimtab.engine.mandate import HOUSEHOLD

    traded = {trade.account for trade in plan.trades}
    held = [one for one in sorted(book.folded().halted) if one == HOUSEHOLD or one in traded]
    return shlex.quote(held[0]) if held and traded else ""
