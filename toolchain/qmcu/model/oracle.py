"""The oracle: tflite-micro's interpreter, which equals TFLM with CMSIS-NN on the device."""

import importlib.metadata
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from tflite_micro import runtime

from qmcu.errors import ModelError
from qmcu.model.reader import parse_model

Int8Array = npt.NDArray[np.int8]

_ARENA_SIZES = tuple(1 << n for n in range(18, 30, 2))


def oracle_version() -> str:
    """The tflite-micro package's version, for reports."""
    return f"tflite-micro {importlib.metadata.version('tflite-micro')}"


class Oracle:
    """Expected outputs of an int8 model. Raises ModelError when the interpreter refuses it."""

    def __init__(self, model: bytes, *, name: str = "model") -> None:
        self._model = model
        self._name = name
        self._graph = parse_model(model, name)
        self._interpreter = self._open(runtime.InterpreterConfig.kAllocationRecording)
        self._preserving: Any = None

    def _open(self, config: Any) -> Any:
        problem = ""
        for size in _ARENA_SIZES:
            try:
                return runtime.Interpreter.from_bytes(
                    self._model, arena_size=size, intrepreter_config=config
                )
            except (RuntimeError, ValueError) as error:
                problem = str(error)
        raise ModelError(
            f"{self._name}: the tflite-micro interpreter refuses the model: {problem}."
        )

    def run(self, inputs: Sequence[Int8Array]) -> tuple[Int8Array, ...]:
        """One inference: int8 inputs in the model's shapes to int8 outputs."""
        self._invoke(self._interpreter, inputs)
        return tuple(
            np.array(self._interpreter.get_output(i), np.int8)
            for i in range(len(self._graph.outputs))
        )

    def all_tensors(self, inputs: Sequence[Int8Array]) -> dict[int, Int8Array]:
        """Every int8 activation tensor of one inference, by tensor index."""
        if self._preserving is None:
            self._preserving = self._open(runtime.InterpreterConfig.kPreserveAllTensors)
        self._invoke(self._preserving, inputs)
        indices = {i for op in self._graph.operators for i in op.outputs} | set(self._graph.inputs)
        return {
            i: np.array(self._preserving.GetTensor(i, 0)["tensor_data"], np.int8).reshape(
                self._graph.tensors[i].shape
            )
            for i in sorted(indices)
            if self._graph.tensors[i].dtype == "int8"
        }

    def _invoke(self, interpreter: Any, inputs: Sequence[Int8Array]) -> None:
        tensors = self._graph.input_tensors
        if len(inputs) != len(tensors):
            raise ModelError(
                f"{self._name} has {len(tensors)} inputs and {len(inputs)} were given."
            )
        for position, (tensor, value) in enumerate(zip(tensors, inputs, strict=True)):
            interpreter.set_input(np.ascontiguousarray(value).reshape(tensor.shape), position)
        try:
            interpreter.invoke()
        except RuntimeError as error:
            raise ModelError(f"{self._name}: tflite-micro could not run it: {error}.") from error
