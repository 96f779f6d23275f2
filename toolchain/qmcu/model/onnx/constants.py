"""What a Net's constants and shapes tell: computed once here, not on the device."""

from typing import Any

import numpy as np

from qmcu.errors import ModelError
from qmcu.extras import load_module
from qmcu.model.onnx.load import PURPOSE, value_of_proto
from qmcu.model.onnx.net import Net, Node, Value
from qmcu.model.onnx.qonnx import KINDS
from qmcu.text import first_line
from qmcu.types import Array

# Nodes that stand for numbers of the file, and are not computed away.
_KEPT = {"DequantizeLinear", "Requantize", *KINDS}
# Nodes whose results are numbers of their inputs, whatever those stand for.
_REARRANGING = {
    "Concat", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Tile",
    "Transpose", "Unsqueeze",
}  # fmt: skip
# A result that is larger is no constant of a network for a microcontroller.
_MOST_ELEMENTS = 1 << 24
# Shapes that follow from shapes that follow ...: a file has few such steps.
_ROUNDS = 8
_UNKNOWN = (-1,)
# Nodes with the shape of their input, which onnx does not infer.
_SHAPELESS = {"ClipIntegers", "GroupNormalization", "Requantize", "RMSNormalization"}


def fold_constants(net: Net) -> bool:
    """Compute nodes of constants, and Shape where it is known; answers whether there were any.

    Raises ModelError for one that cannot be computed.
    """
    kept: list[Node] = []
    for node in net.nodes:
        results = _results(net, node)
        if results is None:
            kept.append(node)
            continue
        # Shape tells of its input's numbers nothing, others rearrange them.
        grid = net.values[node.inputs[0]].quantization if node.kind in _REARRANGING else None
        for name, array in zip(node.outputs, results, strict=False):
            if array.size > _MOST_ELEMENTS:
                raise net.fail(node, f"makes {array.size} constants", "export a smaller model")
            net.values[name] = Value(name, array.shape, str(array.dtype), array, grid)
    found = len(kept) < len(net.nodes)
    net.nodes = kept
    return found


def infer_shapes(net: Net) -> None:
    """Give every value its shape; constants that follow from shapes are computed.

    Raises ModelError for a value whose shape does not follow from the inputs'.
    """
    for _ in range(_ROUNDS):
        _infer(net)
        if not fold_constants(net):
            break
    net.drop_dead()
    for node in net.nodes:
        for name in filter(None, node.outputs):
            if -1 in net.values[name].shape:
                raise net.fail(
                    node,
                    "makes a shape that does not follow from the inputs' shapes",
                    "export the model with fixed sizes, or simplify it (onnxsim)",
                )


def _results(net: Net, node: Node) -> list[Array] | None:
    """A node's results where they are constant, else None."""
    values = [net.values[i] for i in node.inputs if i]
    if node.kind == "Shape" and -1 not in values[0].shape:
        end = node.attributes.get("end")
        shape = np.array(values[0].shape, np.int64)
        return [shape[node.integer("start") : None if end is None else int(end)]]
    if node.kind in _KEPT or any(v.array is None for v in values):
        return None
    if any(v.quantization for v in values) and not _rearranges_integers(node, values):
        return None
    return evaluate(net, node)


def _rearranges_integers(node: Node, values: list[Value]) -> bool:
    """Whether a node only puts integers of one grid in another order or place.

    Weights stay as the file has them, for the layer that reads them.
    """
    grid = values[0].quantization
    moved = values if node.kind == "Concat" else values[:1]
    return (
        node.kind in _REARRANGING
        and grid is not None
        and not grid.per_channel
        and all(v.quantization == grid and v.file is None for v in moved)
    )


def evaluate(net: Net, node: Node) -> list[Array]:
    """A node of constants, computed by onnx's reference evaluator. Raises ModelError."""
    onnx = load_module("onnx", PURPOSE)
    reference = load_module("onnx.reference", PURPOSE)
    names = [i for i in dict.fromkeys(node.inputs) if i]
    inputs = [onnx.helper.make_tensor_value_info(n, 1, None) for n in names]
    outputs = [onnx.helper.make_tensor_value_info(o, 1, None) for o in node.outputs if o]
    graph = onnx.helper.make_graph([_proto(onnx, node)], "constants", inputs, outputs)
    imports = [onnx.helper.make_opsetid("", net.opset)]
    model = onnx.helper.make_model(graph, opset_imports=imports)
    try:
        arrays = {n: np.asarray(net.values[n].array) for n in names}
        results = reference.ReferenceEvaluator(model).run(None, arrays)
    except Exception as error:
        raise net.fail(
            node, f"of constants cannot be computed ({first_line(error)})", "fold it before export"
        ) from error
    return [_plain(np.asarray(r)) for r in results]


def _plain(array: Array) -> Array:
    name = array.dtype.name
    if name in ("int4", "uint4", "int2", "uint2"):
        return array.astype(np.uint8 if name.startswith("u") else np.int8)
    return array.astype(np.float32) if name in ("float16", "bfloat16", "float64") else array


def _infer(net: Net) -> None:
    """Shapes by onnx's own inference, of the net as real numbers."""
    onnx = load_module("onnx", PURPOSE)
    used = {i for n in net.nodes for i in n.inputs if i}
    plain = {n for n in used if _in_shapes(net.values[n])}
    given = [n for n in used if net.values[n].array is not None and n not in plain]
    constants = [
        onnx.numpy_helper.from_array(np.array(net.values[n].array, order="C"), n)
        for n in sorted(plain)
    ]
    inputs = [_info(onnx, net.values[n]) for n in (*net.inputs, *sorted(given))]
    outputs = [onnx.helper.make_tensor_value_info(o, 0, None) for o in net.outputs]
    protos = [_proto(onnx, n) for n in net.nodes]
    graph = onnx.helper.make_graph(protos, "shapes", inputs, outputs, constants)
    imports = [onnx.helper.make_opsetid("", net.opset)]
    model = onnx.helper.make_model(graph, opset_imports=imports)
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        said = first_line(error).rstrip(".")
        raise ModelError(
            f"{net.name}: its shapes do not fit together ({said}); export the model anew."
        ) from error
    for proto in (*inferred.graph.value_info, *inferred.graph.output):
        value = net.values.get(proto.name)
        if value is None or value.array is not None:
            continue
        found = value_of_proto(onnx, proto)
        value.shape = found.shape
        if value.quantization is None:
            value.dtype = found.dtype


def _in_shapes(value: Value) -> bool:
    """Whether a constant may decide shapes: integers, and the factors of a resize."""
    small = value.array is not None and value.array.size <= 64
    return small and value.quantization is None


def _info(onnx: Any, value: Value) -> Any:
    quantized = value.quantization is not None
    dtype = np.dtype("float32" if quantized else value.dtype)
    kind = onnx.helper.np_dtype_to_tensor_dtype(dtype)
    return onnx.helper.make_tensor_value_info(value.name, kind, value.shape)


def _proto(onnx: Any, node: Node) -> Any:
    kind = "Identity" if node.kind in _SHAPELESS else node.kind
    attributes = {
        k: onnx.numpy_helper.from_array(v) if isinstance(v, np.ndarray) else v
        for k, v in node.attributes.items()
        if kind != "Identity"
    }
    inputs = node.inputs[:1] if kind == "Identity" else node.inputs
    return onnx.helper.make_node(kind, inputs, node.outputs, name=node.label, **attributes)
