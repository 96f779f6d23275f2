"""Shapes that a file leaves open and that its operators give.

Converters write no dimensions, or ones, for what TFLite_Detection_PostProcess gives; tflite-micro,
which needs to know them, would write far behind such outputs. Where a batch is free, they write 1
behind SPACE_TO_BATCH_ND too (dilated convolutions along one dimension), although it makes more of
it; tflite-micro would compute a part of the result alone.
"""

from math import prod
from typing import Any

import numpy as np

from qmcu.model.unwritten import DETECTION

_MOST = 1 << 20
# Of the schema's BuiltinOperator.
_BATCH_TO_SPACE, _SPACE_TO_BATCH = 37, 38


def settle_open_shapes(model: Any) -> bool:
    """Give such tensors of the schema's ModelT their shapes; whether there were any."""
    batches = [_settle_batches(model, subgraph) for subgraph in _items(model.subgraphs)]
    return _settle_detections(model) or any(batches)


def _settle_batches(model: Any, subgraph: Any) -> bool:
    """Free batches behind a SPACE_TO_BATCH_ND, as far as they are multiplied."""
    codes = [max(c.deprecatedBuiltinCode, c.builtinCode) for c in _items(model.operatorCodes)]
    if _SPACE_TO_BATCH not in codes:
        return False
    tensors, changed = _items(subgraph.tensors), False
    multiplied: set[int] = set()
    for operator in _items(subgraph.operators):
        inputs = [int(i) for i in _items(operator.inputs)]
        if not 0 <= operator.opcodeIndex < len(codes) or not inputs:
            continue
        code = codes[operator.opcodeIndex]
        taken = multiplied.intersection(inputs)
        if code == _SPACE_TO_BATCH:
            taken = taken | {inputs[0]}
        if not taken or not all(0 <= i < len(tensors) for i in taken):
            continue
        batch = max(_batch(tensors[i]) for i in taken)
        if code in (_SPACE_TO_BATCH, _BATCH_TO_SPACE):
            block = _block(model, tensors, inputs)
            exact = code == _SPACE_TO_BATCH or (block and batch % block == 0)
            if not block or not exact:
                continue
            batch = batch * block if code == _SPACE_TO_BATCH else batch // block
        for index in (int(i) for i in _items(operator.outputs)):
            if not 0 <= index < len(tensors) or not _is_batch_free(tensors[index]):
                continue
            multiplied.add(index)
            if _batch(tensors[index]) != batch:
                rest = np.asarray(tensors[index].shape, np.int32)[1:]
                tensors[index].shape = np.array([batch, *rest], np.int32)
                changed = True
    return changed


def _is_batch_free(tensor: Any) -> bool:
    signature = _items(tensor.shapeSignature)
    return len(signature) > 0 and int(signature[0]) == -1 and len(_items(tensor.shape)) > 0


def _batch(tensor: Any) -> int:
    shape = _items(tensor.shape)
    return min(_MOST, max(1, int(shape[0]))) if len(shape) else 1


def _block(model: Any, tensors: Any, inputs: list[int]) -> int:
    """The elements of a constant block, 0 where it is none."""
    if len(inputs) < 2 or not 0 <= inputs[1] < len(tensors):
        return 0
    number, buffers = tensors[inputs[1]].buffer, _items(model.buffers)
    data = _items(buffers[number].data) if 0 < number < len(buffers) else []
    content = bytes(int(b) & 0xFF for b in data[:64])
    if not content or len(content) % 4:
        return 0
    found = prod(np.frombuffer(content, "<i4").tolist())
    return found if 0 < found <= _MOST else 0


def _settle_detections(model: Any) -> bool:
    codes = [_custom(code) for code in _items(model.operatorCodes)]
    if DETECTION not in codes:
        return False
    changed = False
    for subgraph in _items(model.subgraphs):
        tensors = _items(subgraph.tensors)
        for operator in _items(subgraph.operators):
            outputs = [int(i) for i in _items(operator.outputs)]
            if not 0 <= operator.opcodeIndex < len(codes) or len(outputs) != 4:
                continue
            most = _most(operator) if codes[operator.opcodeIndex] == DETECTION else None
            if most is None or not all(0 <= i < len(tensors) for i in outputs):
                continue
            shapes = ([1, most, 4], [1, most], [1, most], [1])
            for index, shape in zip(outputs, shapes, strict=True):
                if _is_open(tensors[index]):
                    tensors[index].shape = np.array(shape, np.int32)
                    changed = True
    return changed


def _items(values: Any) -> Any:
    return [] if values is None else values


def _custom(code: Any) -> str:
    name = code.customCode
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name or "")
    return f"CUSTOM:{text}"


def _most(operator: Any) -> int | None:
    """The option max_detections, None where it is no number."""
    from flatbuffers import flexbuffers

    content = bytes(int(b) & 0xFF for b in _items(operator.customOptions))
    try:
        options = flexbuffers.Loads(content)
        most = options.get("max_detections") if isinstance(options, dict) else None
    except Exception:
        # The library raises whatever its reads of damaged bytes raise.
        return None
    return most if isinstance(most, int) and 0 < most <= _MOST else None


def _is_open(tensor: Any) -> bool:
    """Whether the file says one number at most: no dimensions, -1, or ones for such."""
    shape = np.asarray(_items(tensor.shape), np.int64).reshape(-1)
    return not len(shape) or (len(shape) > 1 and prod(map(abs, shape.tolist())) == 1)
