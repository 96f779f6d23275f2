"""Values that the file leaves without a quantization between others that have one."""

from collections.abc import Mapping

import numpy as np

from qmcu.model.graph import Quantization
from qmcu.model.onnx.net import Net, Node, spread
from qmcu.model.onnx.operators.elementwise import CANONICAL
from qmcu.types import Array

# Results lie on the grid of the input: they are the input's own numbers, or limits of them.
_MOVING = {
    "Clip", "DepthToSpace", "Expand", "Gather", "MaxPool", "Pad", "Relu", "Reshape", "Resize",
    "Slice", "SpaceToDepth", "Split", "Tile", "Transpose", "ReduceMax", "ReduceMin", "Upsample",
}  # fmt: skip
# Results lie between the input's numbers: its grid holds them, rounded.
_AVERAGING = {"AveragePool", "ReduceMean"}


def fill_gaps(net: Net) -> None:
    """Give values the quantization that follows from their neighbours'; says what is rounded."""
    changed = True
    while changed:
        found = [_forward(net, node) for node in net.nodes]
        found += [_backward(net, node) for node in net.nodes[::-1]]
        changed = any(found)
    for node in net.nodes:
        if node.kind not in _AVERAGING:
            continue
        source, target = net.values[node.inputs[0]], net.values[node.outputs[0]]
        if source.quantization is not None and target.quantization is None and not target.inner:
            target.dtype, target.quantization = source.dtype, source.quantization
            net.notes.append(
                f"{target.name} ({node}) has no scale in the file; it gets its input's, which "
                "rounds it by at most half a step"
            )
            fill_gaps(net)
            return


def _forward(net: Net, node: Node) -> bool:
    source, target = net.operand(node, 0), net.values[node.outputs[0]]
    if source is None or source.quantization is None or target.quantization is not None:
        return False
    if node.kind in CANONICAL and source.dtype in CANONICAL[node.kind]:
        target.dtype, target.quantization = source.dtype, CANONICAL[node.kind][source.dtype]
        return True
    if node.kind == "Concat":
        grids = {(net.values[i].dtype, net.values[i].quantization) for i in node.inputs}
        if len(grids) != 1:
            return False
    elif node.kind not in _MOVING:
        return False
    for name in node.outputs:
        value = net.values[name]
        value.dtype, value.quantization = source.dtype, source.quantization
    return True


def _backward(net: Net, node: Node) -> bool:
    """The input of a move takes the result's quantization, where nobody else reads it."""
    target = net.values[node.outputs[0]]
    if target.quantization is None or node.kind not in _MOVING | {"Concat"}:
        return False
    changed = False
    for name in node.inputs[:1] if node.kind != "Concat" else node.inputs:
        value = net.values[name]
        alone = len(net.consumers(name)) == 1 and name not in net.outputs
        if value.quantization is None and value.array is None and alone:
            value.dtype, value.quantization = target.dtype, target.quantization
            changed = True
    return changed


def open_gaps(net: Net) -> list[str]:
    """Activations in real numbers, of a net that is quantized elsewhere."""
    names = [name for node in net.nodes for name in node.outputs if name]
    return [
        name
        for name in (*net.inputs, *names)
        if net.values[name].quantization is None and net.values[name].dtype == "float32"
    ]


def close_gaps(net: Net, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Quantize values to int8 by the least and largest number that calibration found."""
    for name, (low, high) in ranges.items():
        low, high = min(low, 0.0), max(high, 0.0)
        scale = float(np.float32((high - low) / 255)) or 1.0
        zero = int(np.clip(round(-128 - low / scale), -128, 127))
        value = net.values[name]
        value.dtype, value.quantization = "int8", Quantization((scale,), (zero,))
    if ranges:
        net.notes.append(
            f"{len(ranges)} values have no scale in the file ({spread(ranges)}); theirs are by "
            "calibration"
        )


def found_range(arrays: Array) -> tuple[float, float]:
    """The least and the largest number."""
    return float(arrays.min()), float(arrays.max())
