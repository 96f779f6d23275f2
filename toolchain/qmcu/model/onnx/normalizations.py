"""Normalizations over rows, images, channels and groups of channels, written out."""

from collections.abc import Callable, Sequence

import numpy as np

from qmcu.model.onnx.maker import Maker
from qmcu.model.onnx.net import Net, Node
from qmcu.types import Shape


def _layer_normalization(m: Maker) -> list[Node]:
    shape, rank = m.source.shape, len(m.source.shape)
    first = m.node.integer("axis", -1) % rank
    return _normalize(m, m.source.name, shape, tuple(range(first, rank)), _row_parameters(m))


def _row_parameters(m: Maker) -> list[tuple[str, str]]:
    found = [("Mul", m.operand(1))]
    if m.net.operand(m.node, 2) is not None:
        found.append(("Add", m.operand(2)))
    return found


def _instance_normalization(m: Maker) -> list[Node]:
    shape = m.source.shape
    rank = len(shape)
    wide = (-1, *(1 for _ in range(rank - 2)))
    parameters = [
        (kind, m.constant(kind.lower(), m.net.values[m.operand(i)].real.reshape(wide)))
        for i, kind in ((1, "Mul"), (2, "Add"))
    ]
    return _normalize(m, m.source.name, shape, tuple(range(2, rank)), parameters)


def _normalize(
    m: Maker, x: str, shape: Shape, axes: tuple[int, ...], parameters: Sequence[tuple[str, str]],
    *, back: bool = False,
) -> list[Node]:  # fmt: skip
    """(x - mean) / sqrt(variance + epsilon), then factors and offsets.

    With `back` the normalized value is reshaped to the source's shape before those.
    """
    small = tuple(1 if a in axes else n for a, n in enumerate(shape))
    reduced = {"axes": list(axes), "keepdims": 1}
    mean = m.add("ReduceMean", [x], small, **reduced)
    centred = m.add("Sub", [x, mean], shape)
    square = m.add("Mul", [centred, centred], shape)
    variance = m.add("ReduceMean", [square], small, **reduced)
    epsilon = m.constant("epsilon", m.node.number("epsilon", 1e-5))
    inverse = m.add("Rsqrt", [m.add("Add", [variance, epsilon], small)], small)
    done = not parameters
    value = m.add("Mul", [centred, inverse], None if done and not back else shape)
    if back:
        value = m.add("Reshape", [value], None if done else m.source.shape)
    for position, (kind, operand) in enumerate(parameters, 1):
        last = position == len(parameters)
        value = m.add(kind, [value, operand], None if last else m.source.shape)
    return m.nodes


def _root_mean_square(m: Maker) -> list[Node]:
    """RMSNormalization: x by the root of the mean of squares, without taking off the mean."""
    shape, rank = m.source.shape, len(m.source.shape)
    first = m.node.integer("axis", -1) % rank
    axes = list(range(first, rank))
    small = tuple(1 if a in axes else n for a, n in enumerate(shape))
    x = m.source.name
    mean = m.add("ReduceMean", [m.same("Mul", x, x)], small, axes=axes, keepdims=1)
    epsilon = m.constant("epsilon", m.node.number("epsilon", 1e-5))
    inverse = m.add("Rsqrt", [m.add("Add", [mean, epsilon], small)], small)
    m.add("Mul", [m.same("Mul", x, inverse), m.operand(1)])
    return m.nodes


def _over_batch(m: Maker) -> list[Node]:
    """MeanVarianceNormalization, over all axes but channels unless it says otherwise."""
    axes = m.node.integers("axes") or (0, 2, 3)
    return _normalize(m, m.source.name, m.source.shape, axes, [])


def _grouped(m: Maker) -> list[Node]:
    """GroupNormalization of one image: its channels in groups are an axis of their own."""
    _, channels, *space = m.source.shape
    groups = m.node.integer("num_groups", 1)
    if m.source.shape[0] != 1:
        raise m.net.fail(m.node, f"has a batch of {m.source.shape[0]}", "export with a batch of 1")
    shape = (groups, channels // groups, int(np.prod(space)))
    parameters = []
    for kind, position in (("Mul", 1), ("Add", 2)):
        if m.net.operand(m.node, position) is None:
            continue
        values = m.net.values[m.operand(position)].real.reshape(-1)
        if values.size == groups:
            values = np.repeat(values, channels // groups)
        wide = values.reshape(-1, *(1 for _ in space))
        parameters.append((kind, m.constant(kind.lower(), wide)))
    x = m.add("Reshape", [m.source.name], shape)
    return _normalize(m, x, shape, (1, 2), parameters, back=True)


def fuse_groups(net: Net, node: Node) -> bool:
    """Reshape to groups, InstanceNormalization, Reshape back: as exporters write group norms."""
    if node.kind != "Reshape":
        return False
    producers = net.producers()
    norm = producers.get(node.inputs[0])
    before = None if norm is None else producers.get(norm.inputs[0])
    if norm is None or before is None or norm.kind != "InstanceNormalization":
        return False
    source, target = net.values[before.inputs[0]], net.values[node.outputs[0]]
    middle = net.values[norm.inputs[0]].shape
    if before.kind != "Reshape" or len(middle) != 3 or source.shape != target.shape:
        return False
    groups, scales = middle[1], [net.operand(norm, i) for i in (1, 2)]
    if len(source.shape) < 3 or source.shape[1] % groups or source.shape[0] != middle[0]:
        return False
    found = [v.real for v in scales if v is not None and v.array is not None]
    names = (*before.outputs, *norm.outputs)
    if len(found) < 2 or any(net.values[n].quantization is not None for n in names):
        return False
    node.kind, node.inputs = "GroupNormalization", [before.inputs[0]]
    if not (np.all(found[0] == 1.0) and np.all(found[1] == 0.0)):
        node.inputs += norm.inputs[1:3]
    node.attributes = {"num_groups": groups, "epsilon": norm.number("epsilon", 1e-5)}
    return True


FORMS: dict[str, Callable[[Maker], list[Node] | None]] = {
    "GroupNormalization": _grouped,
    "InstanceNormalization": _instance_normalization,
    "LayerNormalization": _layer_normalization,
    "MeanVarianceNormalization": _over_batch,
    "RMSNormalization": _root_mean_square,
}
