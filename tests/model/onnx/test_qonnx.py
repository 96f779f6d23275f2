"""QONNX's Quant gives the same Graph as QuantizeLinear, Clip and DequantizeLinear."""

from typing import Any

import numpy as np
import pytest
from tests.support.onnx_models import Builder

from qmcu.errors import ModelError
from qmcu.model.graph import Graph
from qmcu.model.onnx import read_onnx_model

DOMAIN = "qonnx.custom_op.general"
RNG = np.random.default_rng(4)
WEIGHTS = RNG.normal(size=(8, 3, 3, 3))
SCALES = np.abs(WEIGHTS).max(axis=(1, 2, 3)) / 7


class Quants:
    """A network in QONNX's form, or in QDQ's."""

    def __init__(self, *, own: bool) -> None:
        self.b, self.own = Builder((3, 8, 8)), own

    def quant(
        self, x: str, scale: float, bits: int, signed: int, narrow: int, zero: int = 0
    ) -> str:
        b = self.b
        if self.own:
            given = [b.constant(v) for v in (scale, zero, bits)]
            return b.add("Quant", x, *given, domain=DOMAIN, signed=signed, narrow=narrow,
                         rounding_mode="ROUND")  # fmt: skip
        dtype = np.int8 if signed else np.uint8
        low, high = (
            (-(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        )
        parameters = [b.constant(scale), b.constant(zero, dtype)]
        q = b.add("QuantizeLinear", x, *parameters)
        if (low, high) != (np.iinfo(dtype).min, np.iinfo(dtype).max):
            q = b.add("Clip", q, b.constant(low, dtype), b.constant(high, dtype))
        return b.add("DequantizeLinear", q, *parameters)

    def weights(self) -> str:
        """4 bits, narrow, a scale for each filter."""
        b = self.b
        if self.own:
            given = [b.constant(SCALES.reshape(8, 1, 1, 1)), b.constant(0), b.constant(4)]
            return b.add("Quant", b.constant(WEIGHTS), *given, domain=DOMAIN, signed=1, narrow=1)
        scales = SCALES.astype(np.float32).reshape(8, 1, 1, 1)
        integers = np.clip(np.rint(WEIGHTS.astype(np.float32) / scales), -7, 7)
        return b.weights(integers, SCALES)

    def model(self) -> Any:
        x = self.quant("x", 0.05, 8, 1, 0, 3)
        y = self.b.add("Relu", self.b.add("Conv", x, self.weights(), self.b.random(8)))
        y = self.quant(y, 0.2, 4, 0, 0)
        y = self.quant(self.b.add("MaxPool", y, kernel_shape=[2, 2]), 0.2, 4, 0, 0)
        return self.b.model(self.quant(y, 0.1, 6, 1, 1))


def _contents(graph: Graph) -> list[Any]:
    tensors = [(t.shape, t.dtype, t.quantization, t.data) for t in graph.tensors]
    return [tensors, [(op.kind, op.inputs, op.outputs, op.options) for op in graph.operators]]


def test_a_network_is_the_same_in_both_forms() -> None:
    own, other = (read_onnx_model(Quants(own=form).model(), "m") for form in (True, False))
    assert own.quantized and not own.gaps
    assert _contents(own.written.graph) == _contents(other.written.graph)
    assert sum(w[1] for w in own.written.weights) == WEIGHTS.size


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rounding_mode": "CEIL"}, "rounds otherwise"),
        ({"bits": 17}, "rounds activations to 17 bits"),
        ({"scale": np.full((3, 8, 1), 0.1)}, "a scale for more than each channel"),
    ],
)
def test_what_has_no_such_form_is_told(change: dict[str, Any], told: str) -> None:
    b = Builder((3, 8, 8))
    given = [b.constant(v) for v in (change.get("scale", 0.1), 0, change.get("bits", 8))]
    mode = change.get("rounding_mode", "ROUND")
    y = b.add("Quant", "x", *given, domain=DOMAIN, rounding_mode=mode)
    with pytest.raises(ModelError, match=told):
        read_onnx_model(b.model(y), "m")


def test_constants_of_more_bits_stay_real() -> None:
    """A bias is rounded to 32 bits."""
    b = Builder((3, 8, 8))
    bias = b.add("Quant", b.random(8), *(b.constant(v) for v in (1e-4, 0, 32)), domain=DOMAIN)
    y = b.add("Conv", "x", b.random(8, 3, 3, 3), bias)
    graph = read_onnx_model(b.model(y), "m").written.graph
    assert {t.dtype for t in graph.tensors} == {"float32"}
