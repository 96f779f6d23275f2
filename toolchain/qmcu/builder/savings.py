"""What each layer of a firmware image takes, and what it would save if it were changed.

Sizes are counted in the image; savings are estimates for this layer alone, in bytes of flash.
"""

from dataclasses import dataclass

from qmcu.builder.classify import Category
from qmcu.builder.memory import MemoryReport
from qmcu.compile.plan import Plan
from qmcu.types import Count


@dataclass(frozen=True)
class LayerUse:
    """One layer: its kernel, its constants in flash, and the arena in use while it runs.

    `kernel_bytes` is the code of its kernel when no other layer calls it, else 0. Savings:
    `pruned` with half of its output channels (its constants but the parameters; the next layer's
    inputs are not counted), `int4` with packed 4-bit weights (0 where they are), `shared` with
    the weights of `shared_with`, an earlier layer of the same size, "" if there is none.
    """

    layer: str
    kernel: str
    weights: Count
    constants: Count
    kernel_bytes: Count
    live: Count
    pruned: Count
    int4: Count
    shared: Count
    shared_with: str


@dataclass(frozen=True)
class MemoryDocument(MemoryReport):
    """A memory report, and what each layer takes."""

    __schema__ = "memory-1"

    layers: tuple[LayerUse, ...]


def memory_document(plan: Plan, report: MemoryReport) -> MemoryDocument:
    """The report with its layers in the order in which they run."""
    return MemoryDocument(**vars(report), layers=layer_uses(plan, report))


def layer_uses(plan: Plan, report: MemoryReport) -> tuple[LayerUse, ...]:
    """The layers in the order in which they run."""
    constants = [e for e in report.entries if e.category == Category.CONSTANTS]
    code = {e.item: e.size for e in report.entries if e.category == Category.KERNEL}
    uses: list[LayerUse] = []
    for step, call in enumerate(plan.calls):
        roles = {e.role: e.size for e in constants if e.item == call.layer}
        weights, total = roles.get("weights", 0), sum(roles.values())
        twin = next((u.layer for u in uses if weights and u.weights == weights), "")
        alone = sum(call.kernel in c.kernels for c in plan.calls) == 1
        uses.append(
            LayerUse(
                layer=call.layer,
                kernel=call.kernel,
                weights=weights,
                constants=total,
                kernel_bytes=code.get(call.kernel, 0) if alone else 0,
                live=sum(p.size for p in plan.placements if p.first <= step <= p.last),
                pruned=(total - roles.get("parameters", 0)) // 2 if weights else 0,
                int4=0 if call.int4 == "packed" else weights // 2,
                shared=weights if twin else 0,
                shared_with=twin,
            )
        )
    return tuple(uses)
