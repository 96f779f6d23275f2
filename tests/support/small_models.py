"""Small graphs built by hand, so that tests need no files."""

import numpy as np

from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor


def activation(index: int, name: str, shape: tuple[int, ...], scale: float = 0.5) -> Tensor:
    return Tensor(index, name, shape, "int8", Quantization((float(np.float32(scale)),), (3,)))


def dense(inputs: int = 6, outputs: int = 4) -> Graph:
    """One FULLY_CONNECTED with a fused RELU."""
    rng = np.random.default_rng(7)
    weights = rng.integers(-127, 128, (outputs, inputs)).astype(np.int8)
    bias = rng.integers(-500, 500, outputs).astype("<i4")
    quarter = Quantization((0.25,), (0,))
    tensors = (
        activation(0, "in", (1, inputs)),
        Tensor(1, "weights", weights.shape, "int8", quarter, weights.tobytes()),
        Tensor(2, "bias", bias.shape, "int32", Quantization((0.125,), (0,)), bias.tobytes()),
        activation(3, "out", (1, outputs), 32.0),
    )
    options: dict[str, OptionValue] = {
        "fused_activation_function": "RELU",
        "weights_format": "DEFAULT",
        "keep_num_dims": False,
        "asymmetric_quantize_inputs": False,
        "quantized_bias_type": "FLOAT32",
    }
    operator = Operator(0, "FULLY_CONNECTED", (0, 1, 2), (3,), options)
    return Graph("dense", tensors, (operator,), (0,), (3,))


def two_inputs() -> Graph:
    """MAXIMUM of two inputs, then RESHAPE; both results are outputs."""
    shape = np.array([4, 2], "<i4")
    tensors = (
        activation(0, "a", (1, 2, 4)),
        activation(1, "b", (1, 2, 4)),
        activation(2, "maximum", (1, 2, 4)),
        Tensor(3, "shape", (2,), "int32", None, shape.tobytes()),
        activation(4, "reshaped", (4, 2)),
    )
    operators = (
        Operator(0, "MAXIMUM", (0, 1), (2,)),
        Operator(1, "RESHAPE", (2, 3), (4,), {"new_shape": (4, 2)}),
    )
    return Graph("two", tensors, operators, (0, 1), (2, 4))
