"""Einsum as transposes, a product of matrices and sums."""

import math
from collections.abc import Sequence

from qmcu.model.onnx.maker import Maker
from qmcu.model.onnx.net import Node


def write_einsum(m: Maker) -> list[Node]:
    """Einsum of one or two operands. Raises ModelError for more, or for a diagonal."""
    operands, result = _labels(m)
    sizes: dict[str, int] = {}
    for name, labels in zip(m.node.inputs, operands, strict=True):
        sizes |= dict(zip(labels, m.net.values[name].shape, strict=True))
    if len(operands) == 1:
        value, left = _summed(m, m.node.inputs[0], operands[0], result, sizes)
        _finish(m, value, left, result, sizes)
        return m.nodes
    first, second = operands
    a, first = _summed(m, m.node.inputs[0], first, result + second, sizes)
    b, second = _summed(m, m.node.inputs[1], second, result + first, sizes)
    both = [c for c in first if c in second and c in result]
    inner = [c for c in first if c in second and c not in result]
    rows = [c for c in first if c not in second]
    columns = [c for c in second if c not in first]
    groups = [_size(g, sizes) for g in (both, rows, inner, columns)]
    batch = [] if not both else [groups[0]]
    a = _grouped(m, a, first, (both, rows, inner), (*batch, groups[1], groups[2]), sizes)
    b = _grouped(m, b, second, (both, inner, columns), (*batch, groups[2], groups[3]), sizes)
    shape = (*batch, groups[1], groups[3])
    value = m.add("MatMul", [a, b], shape)
    made = "".join((*both, *rows, *columns))
    value = m.add("Reshape", [value], tuple(sizes[c] for c in made))
    _finish(m, value, made, result, sizes)
    return m.nodes


def _labels(m: Maker) -> tuple[list[str], str]:
    equation = m.node.text("equation").replace(" ", "")
    left, arrow, right = equation.partition("->")
    operands = left.split(",")
    if "..." in equation:
        # What the dots stand for gets capital letters that the equation does not use.
        free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in equation]
        counts = [
            len(m.net.values[name].shape) - len(o.replace("...", ""))
            for name, o in zip(m.node.inputs, operands, strict=True) if "..." in o
        ]  # fmt: skip
        if len(set(counts)) != 1:
            raise m.net.fail(m.node, f"broadcasts in {equation}", "write every axis with a letter")
        dots = "".join(free[: counts[0]])
        operands = [o.replace("...", dots) for o in operands]
        right = right.replace("...", dots)
    if not arrow:
        every = "".join(operands)
        right = "".join(sorted(c for c in set(every) if every.count(c) == 1))
    if len(operands) > 2 or any(len(set(o)) != len(o) for o in operands):
        raise m.net.fail(
            m.node, f"computes {equation}", "write it as products of two operands, no diagonal"
        )
    return operands, right


def _size(labels: Sequence[str], sizes: dict[str, int]) -> int:
    return math.prod(sizes[c] for c in labels)


def _summed(
    m: Maker, name: str, labels: str, wanted: str, sizes: dict[str, int]
) -> tuple[str, str]:
    """The operand without the axes that nothing else has."""
    gone = [i for i, c in enumerate(labels) if c not in wanted]
    if not gone:
        return name, labels
    left = "".join(c for c in labels if c in wanted)
    shape = tuple(sizes[c] for c in left)
    return m.add("ReduceSum", [name], shape, axes=gone, keepdims=0), left


def _grouped(
    m: Maker, name: str, labels: str, groups: Sequence[Sequence[str]], shape: tuple[int, ...],
    sizes: dict[str, int],
) -> str:  # fmt: skip
    """The operand with its axes in the groups' order, one axis a group."""
    wanted = "".join(c for group in groups for c in group)
    array = m.net.constant(name)
    perm = [labels.index(c) for c in wanted]
    if array is not None and m.net.values[name].quantization is None:
        return m.constant("matrix", array.transpose(perm).reshape(shape))
    if wanted != labels:
        turned = tuple(sizes[c] for c in wanted)
        name = m.add("Transpose", [name], turned, perm=perm)
    return m.add("Reshape", [name], shape)


def _finish(m: Maker, value: str, made: str, result: str, sizes: dict[str, int]) -> None:
    """The value with its axes as the equation says."""
    if made != result:
        value = m.add(
            "Transpose", [value], tuple(sizes[c] for c in result),
            perm=[made.index(c) for c in result],
        )  # fmt: skip
    m.add("Reshape", [value])
