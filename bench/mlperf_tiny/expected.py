"""What a firmware must answer to `infer`, from the interpreter and numpy alone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qmcu.codegen import MlperfBenchmark
from qmcu.firmware import Firmware
from qmcu.model.graph import Graph, Quantization
from qmcu.model.oracle import Oracle


class Expected:
    """The results of the model in a firmware directory, as `benchmark` reports them."""

    def __init__(self, directory: Path, benchmark: MlperfBenchmark) -> None:
        graph, content = Firmware.load(directory).model
        self._benchmark = benchmark
        self._oracle = Oracle(content, name=graph.name)
        self._shape = graph.tensors[graph.inputs[0]].shape
        self._input = _quantization(graph, graph.inputs[0])
        self._output = _quantization(graph, graph.outputs[0])

    def results(self, sent: bytes) -> list[str]:
        """The figures of the m-results line for the bytes that were loaded."""
        (output,) = self._oracle.run([self._quantized(sent).reshape(self._shape)])
        scale, zero = np.float32(self._output.scale), self._output.zero_points[0]
        real = (output.astype(np.float32).ravel() - np.float32(zero)) * scale
        if self._benchmark.reports_error:
            return [f"{float(_mean_square(real - np.frombuffer(sent, '<f4'))):.3f}"]
        return [f"{float(value):.3f}" for value in real]

    def _quantized(self, sent: bytes) -> npt.NDArray[np.int8]:
        if self._benchmark.encoding == "int8":
            return np.frombuffer(sent, np.int8)
        if self._benchmark.encoding == "uint8":
            return (np.frombuffer(sent, np.uint8).astype(np.int16) - 128).astype(np.int8)
        steps = np.frombuffer(sent, "<f4") / np.float32(self._input.scale)
        # Halves away from zero, as C's round does.
        whole = np.trunc(steps.astype(np.float64) + np.copysign(0.5, steps))
        quantized: npt.NDArray[np.int8] = np.clip(
            whole + self._input.zero_points[0], -128, 127
        ).astype(np.int8)
        return quantized


def _mean_square(differences: Sequence[np.float32]) -> np.float32:
    total = np.float32(0)
    for difference in differences:
        total += difference * difference
    return np.float32(total / np.float32(len(differences)))


def _quantization(graph: Graph, tensor: int) -> Quantization:
    found = graph.tensors[tensor].quantization
    assert found is not None
    return found
