"""An ONNX file to a Net, as it stands there but for functions, which are written out."""

from pathlib import Path
from typing import Any

import numpy as np

from qmcu.errors import ModelError
from qmcu.extras import load_module
from qmcu.model.file_kinds import describe_other
from qmcu.model.onnx.net import Net, Node, Value
from qmcu.model.onnx.qonnx import DOMAINS, KINDS
from qmcu.text import first_line
from qmcu.types import Array

PURPOSE = "reading an ONNX model"
_DOMAINS = {"", "ai.onnx", "com.microsoft"}
_OLDEST = 7
_HEAD = 512


def load_net(path: Path) -> Net:
    """The Net of an ONNX file.

    Raises ToolError without the onnx package, ModelError when the file cannot be read, has sizes
    that are free or holds what is no plain operator.
    """
    onnx = load_module("onnx", PURPOSE)
    if not path.is_file():
        raise ModelError(f"{path} does not exist.")
    with path.open("rb") as file:
        other = describe_other(file.read(_HEAD), path.stat().st_size)
    if other is not None:
        raise ModelError(f"{path} is no ONNX model: {other.replace('.tflite', '.onnx')}.")
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # a damaged file raises whatever its first bad byte leads to
        raise ModelError(
            f"{path} is no readable ONNX model ({first_line(error)}): cut off or damaged; get "
            "it again."
        ) from error
    _load_external(onnx, model, path)
    return net_of_model(model, str(path))


def _load_external(onnx: Any, model: Any, path: Path) -> None:
    """Weights that lie in files beside the model's."""
    names = {
        entry.value
        for tensor in model.graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    missing = [name for name in sorted(names) if not (path.parent / name).is_file()]
    if missing:
        raise ModelError(
            f"{path} keeps its weights in {missing[0]}, which is not beside it: copy that file "
            "into the same folder, or export with external_data=False."
        )
    try:
        load_module("onnx.external_data_helper", PURPOSE).load_external_data_for_model(
            model, str(path.parent)
        )
    except Exception as error:
        raise ModelError(
            f"{path}: the file {', '.join(sorted(names))} with its weights is cut off or another "
            f"model's ({first_line(error)})."
        ) from error


def net_of_model(model: Any, name: str) -> Net:
    """The Net of an ONNX model in memory, called `name` in messages. Raises ModelError."""
    onnx = load_module("onnx", PURPOSE)
    if not model.graph.node:
        raise ModelError(f"{name} has no operators; it is no ONNX model, or an empty one.")
    _require_opset(model, name)
    try:
        if len(model.functions):
            model = load_module("onnx.inliner", PURPOSE).inline_local_functions(model)
        _fix_batch(model, name)
        return _net(onnx, model, name)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{name} is no valid ONNX model: {first_line(error)}.") from error


def _require_opset(model: Any, name: str) -> None:
    version = _opset(model)
    if version < _OLDEST:
        raise ModelError(
            f"{name} is written in ONNX operator set {version}; {_OLDEST} is the oldest that is "
            "read: export it again, or convert it with onnx.version_converter."
        )


def _newer_opset(model: Any) -> str | None:
    """A line for a file of a newer operator set than the onnx package knows, None for others."""
    known = int(load_module("onnx.defs", PURPOSE).onnx_opset_version())
    version = _opset(model)
    if version <= known:
        return None
    return (
        f"the file is of operator set {version} and the onnx package here knows {known}: what "
        "newer sets changed is read as before; a newer onnx or an export in an older set is safe"
    )


def _opset(model: Any) -> int:
    versions = {o.domain: int(o.version) for o in model.opset_import}
    return versions.get("", versions.get("ai.onnx", 17))


def _fix_batch(model: Any, name: str) -> None:
    """One input at a time: a first size that is free becomes 1, another one is refused."""
    constants = {i.name for i in model.graph.initializer}
    for value in model.graph.input:
        if value.name in constants:
            continue
        shape = value.type.tensor_type.shape
        for position, dimension in enumerate(shape.dim):
            if dimension.WhichOneof("value") == "dim_value" and dimension.dim_value > 0:
                continue
            if position:
                raise ModelError(
                    f"{name}: size {position} of the input {value.name} is free "
                    f"({dimension.dim_param or 'unnamed'}); a device needs it fixed: export the "
                    "model for one size, or set it with "
                    "`python -m onnxruntime.tools.make_dynamic_shape_fixed`."
                )
            dimension.Clear()
            dimension.dim_value = 1


def _net(onnx: Any, model: Any, name: str) -> Net:
    graph = model.graph
    values: dict[str, Value] = {}
    for tensor in graph.initializer:
        array = _array(onnx, tensor)
        values[tensor.name] = Value(tensor.name, array.shape, str(array.dtype), array)
    if graph.sparse_initializer:
        raise ModelError(f"{name} has sparse constants, which are not read; export it dense.")
    for value in graph.input:
        if value.name not in values:
            values[value.name] = value_of_proto(onnx, value)
    inputs = [v.name for v in graph.input if values[v.name].array is None]
    outputs = [v.name for v in graph.output]
    net = Net(name, values, [], inputs, outputs, opset=_opset(model))
    if (note := _newer_opset(model)) is not None:
        net.notes.append(note)
    net.input_names, net.output_names = tuple(inputs), tuple(outputs)
    for index, proto in enumerate(graph.node):
        net.nodes.append(_node(onnx, net, proto, index))
    return net


def value_of_proto(onnx: Any, proto: Any) -> Value:
    """A value with the shape that the file or its inference tells, (-1,) for none."""
    tensor = proto.type.tensor_type
    shape = tuple(int(d.dim_value) if d.HasField("dim_value") else -1 for d in tensor.shape.dim)
    dtype = "float32"
    if tensor.elem_type:
        dtype = str(np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)))
    known = tensor.HasField("shape") and -1 not in shape
    return Value(proto.name, shape if known else (-1,), dtype)


def _array(onnx: Any, tensor: Any) -> Array:
    if any(size < 0 for size in tensor.dims):
        # numpy would take one of them for what is left.
        raise ValueError(f"the tensor {tensor.name} has the sizes {list(tensor.dims)}")
    array = np.asarray(onnx.numpy_helper.to_array(tensor))
    if array.dtype.name in ("int4", "int2"):
        return array.astype(np.int8)
    if array.dtype.name in ("uint4", "uint2"):
        return array.astype(np.uint8)
    if array.dtype.name in ("float16", "bfloat16", "float64"):
        return array.astype(np.float32)
    return array


def _node(onnx: Any, net: Net, proto: Any, index: int) -> Node:
    label = proto.name or f"#{index}"
    known = proto.domain in _DOMAINS or (proto.domain in DOMAINS and proto.op_type in KINDS)
    if not known:
        raise ModelError(
            f"{net.name}: {proto.op_type} {label} is of the domain {proto.domain}, which only its "
            "maker's runtime knows; export the model in standard operators."
        )
    attributes = {a.name: _attribute(onnx, a) for a in proto.attribute}
    for output in filter(None, proto.output):
        net.values.setdefault(output, Value(output, (-1,), "float32"))
    missing = [i for i in proto.input if i and i not in net.values]
    if missing:
        raise ModelError(f"{net.name}: {proto.op_type} {label} reads {missing[0]}, which is not.")
    return Node(proto.op_type, label, list(proto.input), list(proto.output), attributes)


def _attribute(onnx: Any, proto: Any) -> Any:
    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, onnx.TensorProto):
        return _array(onnx, value)
    return value
