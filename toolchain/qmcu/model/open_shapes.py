"""Shapes that a file leaves open and that an operator's options give: the end of a detector.

Converters write no dimensions, or ones, for what TFLite_Detection_PostProcess gives; tflite-micro,
which needs to know them, would write far behind such outputs.
"""

from math import prod
from typing import Any

import numpy as np

from qmcu.model.unwritten import DETECTION

_MOST = 1 << 20


def settle_open_shapes(model: Any) -> bool:
    """Give such tensors of the schema's ModelT their shapes; whether there were any."""
    codes = [_custom(code) for code in _items(model.operatorCodes)]
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
