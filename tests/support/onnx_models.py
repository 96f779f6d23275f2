"""ONNX models in a few lines, and what both sides compute of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qmcu.model.onnx import OnnxModel
from qmcu.model.onnx.write import in_file_order
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model
from qmcu.types import Array

pytest.importorskip("onnx", reason="onnx is not installed (pip install qmcu[onnx])")
import onnx
from onnx import helper, numpy_helper


class Builder:
    """Nodes one after the other; each call answers the name of its result."""

    def __init__(self, shape: tuple[int, ...], opset: int = 17, *, dtype: int = 1) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs = [self.input("x", shape, dtype)]
        self.opset = opset
        self.rng = np.random.default_rng(5)

    @staticmethod
    def input(name: str, shape: tuple[int, ...], dtype: int = 1) -> Any:
        """Another input; append it to `inputs`."""
        return helper.make_tensor_value_info(name, dtype, ["batch", *shape])

    def constant(self, array: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        values = np.asarray(array, dtype)
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def random(self, *shape: int, scale: float = 0.5) -> str:
        return self.constant(self.rng.normal(size=shape) * scale)

    def add(
        self, kind: str, *inputs: str, outputs: int = 1, domain: str = "", **options: Any
    ) -> str:
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        label = f"n{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), names, name=label, domain=domain, **options)
        )
        return names[0]

    def qdq(self, value: str, scale: float, zero: int = 0, dtype: Any = np.int8) -> str:
        """A value through QuantizeLinear and DequantizeLinear."""
        parameters = [self.constant(scale), self.constant(zero, dtype)]
        return self.add("DequantizeLinear", self.add("QuantizeLinear", value, *parameters),
                        *parameters)  # fmt: skip

    def weights(
        self, integers: Any, scale: Any, zero: Any = 0, dtype: Any = np.int8, axis: int = 0
    ) -> str:
        """Integer weights behind a DequantizeLinear."""
        scales = np.asarray(scale, np.float32)
        zeros = np.broadcast_to(np.asarray(zero, dtype), scales.shape)
        parameters = [self.constant(scales), self.constant(zeros, dtype)]
        return self.add("DequantizeLinear", self.constant(integers, dtype), *parameters, axis=axis)

    def model(self, *outputs: str) -> Any:
        infos = [onnx.ValueInfoProto(name=o) for o in outputs]
        graph = helper.make_graph(self.nodes, "g", self.inputs, infos, self.constants)
        imports = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=imports, ir_version=10)

    def save(self, path: Path, *outputs: str) -> Path:
        onnx.save(self.model(*outputs), path)
        return path


def run_theirs(model: Any, x: Array) -> list[Array]:
    """What onnxruntime computes of one row, without optimizations."""
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = runtime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return [np.asarray(a) for a in session.run(None, {"x": x})]


def run_ours(model: OnnxModel, x: Array) -> list[Array]:
    """What tflite-micro computes of the Graph, in the file's order of axes; real numbers."""
    graph = model.written.graph
    (tensor,) = graph.input_tensors
    for moved in model.written.inputs:
        x = in_file_order(x, moved)
    if tensor.quantization is not None:
        steps = np.rint(x / np.float32(tensor.quantization.scale)) + tensor.quantization.zero_point
        x = np.clip(steps, -128, 127)
    results = Oracle(write_model(graph)).run([x.astype(tensor.dtype).reshape(tensor.shape)])
    outputs = []
    moves = {m.name: m for m in model.written.outputs}
    for name, output, array in zip(model.net.outputs, graph.output_tensors, results, strict=True):
        real = array.astype(np.float64)
        if output.quantization is not None:
            real = (real - output.quantization.zero_point) * output.quantization.scale
        if name in moves:
            real = np.transpose(real, np.argsort(moves[name].order))
        outputs.append(real)
    return outputs
