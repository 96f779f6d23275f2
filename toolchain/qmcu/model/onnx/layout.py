"""Where ONNX's axes lie in memory: channels last, as TFLite's operators want them.

A value's order tells which of its ONNX axes stands at each place in memory: (0, 2, 3, 1) is an
NCHW value that lies as NHWC. A Transpose of the file changes the order and moves nothing; numbers
move only where an operator needs an order that its input does not have.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import numpy as np

from qmcu.model.onnx.net import Net, Node
from qmcu.types import Shape

Order = tuple[int, ...]
# What lets an order through as it is, when the order is looked for that a model's input has.
_THROUGH = {
    "Abs", "Add", "Cast", "Clip", "Concat", "Div", "Elu", "Exp", "HardSigmoid", "HardSwish",
    "Identity", "LeakyRelu", "Log", "Max", "Min", "Mul", "PRelu", "Pad", "ReduceMean", "Relu",
    "Requantize", "Rsqrt", "Sigmoid", "Slice", "Split", "Sqrt", "Sub", "Tanh",
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
    return (sought_order(net, name) if rank > 2 else None) or plain(rank)


def sought_order(net: Net, name: str) -> Order | None:
    """The order in which the first reader that needs one takes a value, None where none does."""
    shape, uses = net.values[name].shape, net.uses()
    # The axis of the value at each axis of what is looked at, -1 for one that a reshape added.
    todo: list[tuple[str, Order]] = [(name, plain(len(shape)))]
    seen: set[str] = set()
    beside: Order | None = None
    while todo:
        value, axes = todo.pop(0)
        if value in seen:
            continue
        seen.add(value)
        for node in uses.get(value, []):
            asked = _asked(net, node, value, len(axes))
            if asked is not None:
                return _whole(shape, [axes[a] for a in asked])
            if node.kind == "Reshape" and (kept := _kept_axes(net, node)) is not None:
                todo.append((node.outputs[0], tuple(axes[a] if a >= 0 else -1 for a in kept)))
            elif node.kind == "Transpose":
                perm = node.integers("perm") or plain(len(axes))[::-1]
                todo.append((node.outputs[0], tuple(axes[p] for p in perm)))
            elif node.kind in _THROUGH:
                # Sizes may change, axes stay what they are.
                todo += [(o, axes) for o in node.outputs if _rank(net, o) == len(axes)]
                if beside is None and _is_beside_images(net, node, value):
                    beside = _whole(shape, [axes[a] for a in channels_last(len(axes))])
    return beside


def _whole(shape: Shape, axes: list[int]) -> Order | None:
    """An order of all axes of `shape`, of one in which those of size 1 are missing or others.

    None where another is missing, as behind a part whose axis is 1 long and reshaped away.
    """
    if sorted(axes) == list(range(len(shape))):
        return tuple(axes)
    kept = [a for a in axes if a >= 0 and shape[a] != 1]
    if sorted(kept) != [a for a, n in enumerate(shape) if n != 1]:
        return None
    return _with_ones(shape, kept)


def _kept_axes(net: Net, node: Node) -> list[int] | None:
    """For each axis of a reshaped value that of its source, -1 for one of size 1; None if split."""
    old, new = net.values[node.inputs[0]].shape, net.values[node.outputs[0]].shape
    axes = [a for a, n in enumerate(old) if n != 1]
    if [old[a] for a in axes] != [n for n in new if n != 1]:
        return None
    return [-1 if n == 1 else axes.pop(0) for n in new]


def _asked(net: Net, node: Node, value: str, rank: int) -> Order | None:
    """The order in which a node needs its input, None where any will do."""
    if node.kind in _SPATIAL and node.inputs[0] == value:
        return channels_last(rank)
    if node.kind in ("ReduceMean", "ReduceMax") and _over_space(net, node, rank):
        return channels_last(rank)
    if node.kind == "Linear":
        return plain(rank)
    if node.kind == "Reshape" and node.integer("frames"):
        return channels_last(rank)
    return None


def _is_beside_images(net: Net, node: Node, value: str) -> bool:
    """Whether an elementwise node's other operand is what a spatial operator made."""
    producers, rank = net.producers(), _rank(net, value)
    for name in node.inputs:
        while name and name != value and _rank(net, name) == rank > 2:
            made = producers.get(name)
            if made is None or made.kind in _SPATIAL:
                break
            name = made.inputs[0] if made.kind in _THROUGH else ""
        else:
            continue
        if made is not None:
            return True
    return False


def _rank(net: Net, name: str) -> int:
    return len(net.values[name].shape) if name else -1


def _over_space(net: Net, node: Node, rank: int) -> bool:
    axes = reduced_axes(net, node, rank)
    if rank == 3 and any(n.kind in ("Add", "Sub") for n in net.consumers(node.outputs[0])):
        # A norm of tokens' features, no pool of a signal.
        return False
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


def order_before(old: Shape, new: Shape, wanted: Order | None) -> Order | None:
    """The order in which a value is reshaped into `wanted` of the new shape, None for none."""
    return None if wanted is None else reshaped_order(new, wanted, old)


def mixed_channels(old: Shape, order: Order, new: Shape) -> tuple[int, ...] | None:
    """How channels are mixed where a value's memory is an image [N, ..., C] but for their order.

    `columns[k]` is the ONNX channel of what stands at k, as after a channel shuffle; None where
    more than channels would have to move.
    """
    groups = _groups([n for n in old if n != 1], [n for n in new if n != 1])
    if groups is None or len(new) < 3 or new[1] == 1:
        return None
    axes = [a for a, n in enumerate(old) if n != 1]
    channel = [a for a, n in enumerate(new) if n != 1].index(1)
    own = next(([axes[i] for i in g] for g, after in groups if list(after) == [channel]), None)
    moving = [a for a in order if old[a] != 1]
    if own is None or set(moving[-len(own) :]) != set(own):
        return None
    ordered = (*(a for a in order if a not in own), *own)
    found = reshaped_order(old, ordered, new)
    if found is None or not same_memory(new, found, channels_last(len(new))):
        return None
    sizes = [old[a] for a in own]
    turned = [own.index(a) for a in moving[-len(own) :]]
    numbers = np.transpose(np.arange(prod(sizes)).reshape(sizes), turned)
    return tuple(int(n) for n in numbers.reshape(-1))


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
