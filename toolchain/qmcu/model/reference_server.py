"""What runs in the process of a custom operator's reference: the user's own code."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from qmcu.model.oracle_messages import Message, join, split
from qmcu.types import Array


class ReferenceRunner:
    """One operator's reference and its state, a uint8 array that it changes in place."""

    def __init__(self) -> None:
        self._function: Callable[..., Any] | None = None
        self._state = np.zeros(0, np.uint8)

    def run(self, header: Mapping[str, Any], payload: bytes) -> Message:
        """Rows of operands to rows of outputs; ValueError when these are not as the model says."""
        if self._function is None:
            sys.path.insert(0, header["folder"])
            module, _, name = header["reference"].partition(":")
            self._function = getattr(importlib.import_module(module), name)
            self._state = np.zeros(header["state"], np.uint8)
        parameters = {
            k: tuple(v) if isinstance(v, list) else v for k, v in header["parameters"].items()
        }
        inputs = split(payload, header["inputs"], header["rows"])
        results = []
        for row in range(header["rows"]):
            if row in header["resets"]:
                self._state[:] = 0
            found = self._function([a[row].copy() for a in inputs], parameters, self._state)
            results.append(_checked(found, header["outputs"]))
        outputs = [np.stack([r[i] for r in results]) for i in range(len(header["outputs"]))]
        return {}, join(outputs)


def _checked(found: Any, forms: Sequence[tuple[str, Sequence[int]]]) -> list[Array]:
    arrays = list(found) if isinstance(found, list | tuple) else [found]
    if len(arrays) != len(forms):
        raise ValueError(f"it gives {len(arrays)} arrays, the operator has {len(forms)} outputs")
    for array, (dtype, shape) in zip(arrays, forms, strict=True):
        given = np.asarray(array)
        if given.dtype.name != dtype or given.shape != tuple(shape):
            way = "" if shape else "; where the model leaves a shape open, say it with `shapes`"
            raise ValueError(
                f"it gives {given.dtype} {list(given.shape)}, the output is {dtype} {list(shape)}"
                f"{way}"
            )
    return [np.asarray(a) for a in arrays]
