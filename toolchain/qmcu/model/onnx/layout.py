"""Where ONNX's axes lie in memory: channels last, as TFLite's operators want them.

A value's order tells which of its ONNX axes stands at each place in memory: (0, 2, 3, 1) is an
NCHW value that lies as NHWC. A Transpose of the file changes the order and moves nothing; numbers
move only where an operator needs an order that its input does not have.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from qmcu.model.onnx.net import Net, Node
from qmcu.types import Shape

Order = tuple[int, ...]
# What lets an order through as it is, when the order is looked for that a model's input has.
_THROUGH = {
    "Add", "Cast", "Clip", "Concat", "Div", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu",
    "Mul", "PRelu", "Pad", "Relu", "Requantize", "Sigmoid", "Slice", "Split", "Sub", "Tanh",
}  # fmt: skip
_SPATIAL = {
    "AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "DepthToSpace",
    "InstanceNormalization", "LRN", "MaxPool", "Resize", "SpaceToDepth", "Upsample",
}  # fmt: skip


def plain(rank: int) -> Order:
    """The order in which memory lies as ONNX says."""
    return tuple(range(rank))


def channels_last(rank: int) -> Order:
    """The order of an NC... value that lies as N...C."""
    return plain(rank) if rank < 3 else (0, *range(2, rank), 1)


def placed(shape: Shape, order: Order) -> Shape:
    """The shape in memory."""
    return tuple(shape[axis] for axis in order)


def same_memory(shape: Shape, old: Order, new: Order) -> bool:
    """Whether both orders are the same memory: they differ in axes of size 1 alone."""
    return [a for a in old if shape[a] != 1] == [a for a in new if shape[a] != 1]


def joined_runs(sizes: Shape, permutation: Sequence[int]) -> tuple[list[int], list[int]]:
    """A permutation with the axes joined that stay side by side, those of size 1 left out.

    Answers the sizes and the permutation of what is left.
    """
    runs: list[list[int]] = []
    for axis in permutation:
        if sizes[axis] == 1:
            continue
        before = [a for a in range(axis) if sizes[a] != 1]
        if runs and before and runs[-1][-1] == before[-1]:
            runs[-1].append(axis)
        else:
            runs.append([axis])
    order = sorted(range(len(runs)), key=lambda i: runs[i][0])
    joined = [prod(sizes[a] for a in runs[i]) for i in order]
    return joined, [order.index(i) for i in range(len(runs))]


def wanted_order(net: Net, name: str) -> Order:
    """The order of a model's input: that which its first spatial operator takes it in."""
    rank = len(net.values[name].shape)
    uses = net.uses()
    # The axis of the input at each axis of the value that is looked at.
    todo: list[tuple[str, Order]] = [(name, plain(rank))]
    seen: set[str] = set()
    while todo:
        value, axes = todo.pop(0)
        if value in seen:
            continue
        seen.add(value)
        for node in uses.get(value, []):
            if node.kind in _SPATIAL and node.inputs[0] == value:
                return tuple(axes[a] for a in channels_last(len(axes)))
            if node.kind in ("ReduceMean", "ReduceMax") and _over_space(net, node, len(axes)):
                return tuple(axes[a] for a in channels_last(len(axes)))
            if node.kind == "Linear" and len(axes) > 2:
                return axes
            if node.kind == "Reshape" and node.integer("frames"):
                return tuple(axes[a] for a in channels_last(len(axes)))
            if node.kind == "Transpose":
                perm = node.integers("perm") or plain(len(axes))[::-1]
                todo.append((node.outputs[0], tuple(axes[p] for p in perm)))
            elif node.kind in _THROUGH:
                # Sizes may change, axes stay what they are.
                todo += [(o, axes) for o in node.outputs if _rank(net, o) == len(axes)]
    return plain(rank)


def _rank(net: Net, name: str) -> int:
    return len(net.values[name].shape) if name else -1


def _over_space(net: Net, node: Node, rank: int) -> bool:
    axes = reduced_axes(net, node, rank)
    return rank > 2 and axes == tuple(range(2, rank))


def reduced_axes(net: Net, node: Node, rank: int) -> tuple[int, ...]:
    """The axes that a node works on, by its attribute or its second input; all of none."""
    array = net.constant(node.inputs[1]) if len(node.inputs) > 1 else None
    axes = node.integers("axes") if array is None else tuple(int(a) for a in array.reshape(-1))
    return tuple(sorted(a % rank for a in axes)) or tuple(range(rank))


def reshaped_order(old: Shape, order: Order, new: Shape) -> Order | None:
    """The order of a reshaped value whose memory stays, None where its numbers would have to move.

    Axes that are split or joined lie together, and in ONNX's order among themselves.
    """
    groups = _groups([n for n in old if n != 1], [n for n in new if n != 1])
    if groups is None:
        return None
    old_axes = [a for a, n in enumerate(old) if n != 1]
    new_axes = [a for a, n in enumerate(new) if n != 1]
    places = {axis: place for place, axis in enumerate(a for a in order if old[a] != 1)}
    blocks = []
    for before, after in groups:
        where = [places[old_axes[i]] for i in before]
        if any(b != a + 1 for a, b in pairwise(where)):
            return None
        blocks.append((where[0], [new_axes[i] for i in after]))
    sequence = [axis for _, axes in sorted(blocks) for axis in axes]
    return _with_ones(new, sequence)


def joinable_order(old: Shape, order: Order, new: Shape) -> Order | None:
    """The order nearest to `order` in which the value can be reshaped, None where there is none."""
    groups = _groups([n for n in old if n != 1], [n for n in new if n != 1])
    if groups is None:
        return None
    axes = [a for a, n in enumerate(old) if n != 1]
    runs = [[axes[i] for i in before] for before, _ in groups]
    runs.sort(key=lambda run: min(order.index(a) for a in run))
    ones = [a for a in order if old[a] == 1]
    return (*ones, *(a for run in runs for a in run))


def _groups(old: Sequence[int], new: Sequence[int]) -> list[tuple[range, range]] | None:
    """The smallest runs of axes with the same product on both sides."""
    groups, i, j = [], 0, 0
    while i < len(old) or j < len(new):
        first, second = i, j
        if i == len(old) or j == len(new):
            return None
        left, right = old[i], new[j]
        i, j = i + 1, j + 1
        while left != right:
            if left < right:
                if i == len(old):
                    return None
                left, i = left * old[i], i + 1
            else:
                if j == len(new):
                    return None
                right, j = right * new[j], j + 1
        groups.append((range(first, i), range(second, j)))
    return groups


def _with_ones(shape: Shape, sequence: list[int]) -> Order:
    """An order in which the axes of `sequence` follow one another, those of size 1 anywhere."""
    rank = len(shape)
    for order in (plain(rank), channels_last(rank)):
        if [a for a in order if shape[a] != 1] == sequence:
            return order
    # Each lies behind the axis that it follows, where it may grow.
    axes = list(sequence)
    for axis, size in enumerate(shape):
        if size == 1:
            axes.insert(axes.index(axis - 1) + 1 if axis else 0, axis)
    return tuple(axes)
