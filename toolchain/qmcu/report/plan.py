"""What the compiler decided: the arena beside its bound, what was traded for what."""

from collections.abc import Iterator

from qmcu.compile.kernel_sets.cmsis_nn import fallback_reason
from qmcu.compile.plan import Plan


def plan_lines(plan: Plan) -> Iterator[str]:
    """Arena, trades and, for CMSIS-NN, the layers that are not the library's."""
    yield (
        f"arena: {plan.arena_size:,} bytes; its buffers take at least "
        f"{plan.arena_lower_bound:,} where most live at once"
    )
    if plan.kernels == "cmsis-nn":
        yield from _fallbacks(plan)
    if plan.kernels == "portable" and plan.optimize != "ram":
        return
    trades = [f"  {call.layer}: {call.trade}" for call in plan.calls if call.trade]
    if trades:
        yield f"traded (--optimize {plan.optimize}):"
        yield from trades
    else:
        yield f"traded (--optimize {plan.optimize}): nothing, there is nothing to trade here"
    slower = [f"  {call.layer}, {call.kernel}: {call.slower}" for call in plan.calls if call.slower]
    if slower:
        yield "layers on a slower kernel than their kind has:"
        yield from slower


def _fallbacks(plan: Plan) -> Iterator[str]:
    reasons = [(call, fallback_reason(call)) for call in plan.calls]
    others = [f"  {c.layer}: {c.kernel}; {reason}" for c, reason in reasons if reason]
    if others:
        yield "layers that are not CMSIS-NN's:"
        yield from others
    else:
        yield "all layers are CMSIS-NN's"
