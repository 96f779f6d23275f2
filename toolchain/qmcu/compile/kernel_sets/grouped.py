"""CONV_2D with groups of channels as one with fewer: zeros where a filter reads another group's.

Kernels lay a window out once for all filters of a group and multiply several of them together, so
that a few times the products still take fewer instructions where groups are small.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.plan import KernelCall


@dataclass(frozen=True)
class Cost:
    """Instructions of a window of one group, its taps and bytes, an output and its products."""

    window: float
    tap: float
    byte: float
    output: float
    product: float

    def of(self, context: OperatorContext, groups: int) -> float:
        """An estimate for the layer with its channels in so many groups."""
        depth, weights = context.input(0).shape[3], context.input(1)
        taps = weights.shape[1] * weights.shape[2]
        values, filters = taps * depth // groups, weights.shape[0] // groups
        return prod(context.output().shape[:3]) * groups * self.window_of(taps, values, filters)

    def window_of(self, taps: int, values: int, filters: int) -> float:
        """Of a window of one group, `values` for each of its filters."""
        window = self.window + self.tap * taps + self.byte * values
        return window + filters * (self.output + self.product * values)


@dataclass(frozen=True)
class Costs:
    """Of kernels for groups, and of those for all channels."""

    apart: Cost
    dense: Cost


# Fitted to counted layers.
DSP = Costs(Cost(40, 25, 2.0, 38, 0.9), Cost(10, 0, 1.6, 11, 0.65))
MVE = Costs(Cost(60, 17, 0.1, 12, 0.12), Cost(20, 0, 0.4, 7, 0.12))


def has_groups(context: OperatorContext) -> bool:
    """Whether filters of a CONV_2D read some of the channels alone."""
    return context.input(0).shape[3] != context.input(1).shape[3]


def with_groups(
    dense: Sequence[Lowering], apart: Lowering, least: float, costs: Costs
) -> tuple[Lowering, ...]:
    """Lowerings of CONV_2D with groups: by those without where that pays, then by `apart`.

    `apart` computes one group after the other, several of them as one where that pays: where it
    saves at least `least` instructions, by estimate, for each byte of flash more.
    """
    return (
        *(_whole(lower, apart, least, costs) for lower in dense),
        _joined(apart, least, costs),
        apart,
    )


def _whole(lower: Lowering, apart: Lowering, least: float, costs: Costs) -> Lowering:
    def lowered(context: OperatorContext) -> KernelCall | None:
        if not _is_grouped(context):
            return None
        cost, (least_cost, _) = costs.dense.of(context, 1), _best_joined(context, costs)
        if cost > least_cost:
            return None
        saved = costs.apart.of(context, _groups(context)) - cost
        return _traded(context, lower(_with_zeros(context, 1)), apart(context), saved, least)

    return lowered


def _joined(apart: Lowering, least: float, costs: Costs) -> Lowering:
    def lowered(context: OperatorContext) -> KernelCall | None:
        if not _is_grouped(context):
            return None
        cost, groups = _best_joined(context, costs)
        saved = costs.apart.of(context, _groups(context)) - cost
        return _traded(context, apart(_with_zeros(context, groups)), apart(context), saved, least)

    return lowered


def _best_joined(context: OperatorContext, costs: Costs) -> tuple[float, int]:
    """The fewest instructions with several groups as one, and how many groups these make."""
    groups = _groups(context)
    counts = [n for n in range(2, groups + 1) if groups % n == 0]
    return min((costs.apart.of(context, n), n) for n in counts)


def _is_grouped(context: OperatorContext) -> bool:
    return (
        has_groups(context)
        and not context.input(0).is_constant
        and context.input(1).dtype == "int8"
    )


def _groups(context: OperatorContext) -> int:
    return context.input(0).shape[3] // context.input(1).shape[3]


def _traded(
    context: OperatorContext,
    call: KernelCall | None,
    other: KernelCall | None,
    saved: float,
    least: float,
) -> KernelCall | None:
    """The call with what it trades, where it pays beside the `other` with groups as they are."""
    if call is None or other is None:
        return call
    flash = call.constant_size - other.constant_size
    if saved <= 0 or saved < least * flash:
        return None
    trade = (
        f"zeros for {_groups(context)} groups of channels: {max(flash, 0):,} bytes more flash for "
        f"about {round(saved):,} instructions less (estimated)"
    )
    return replace(call, macs=other.macs, trade=trade)


def _with_zeros(context: OperatorContext, groups: int) -> OperatorContext:
    """The operator with so many groups: each filter reads the channels of several."""
    weights = context.input(1)
    own, joined = weights.shape[3], _groups(context) // groups
    if joined == 1:
        return context
    whole = np.concatenate(
        [
            np.pad(filters, ((0, 0), (0, 0), (0, 0), (own * place, own * (joined - 1 - place))))
            for place, filters in (
                (i % joined, part)
                for i, part in enumerate(np.split(weights.array, _groups(context)))
            )
        ]
    )
    tensors = list(context.graph.tensors)
    tensors[weights.index] = replace(weights, shape=whole.shape, data=whole.tobytes())
    return replace(context, graph=replace(context.graph, tensors=tuple(tensors)))
