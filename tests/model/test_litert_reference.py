"""What tflite-micro lacks and we evaluate ourselves is what LiteRT's reference kernels compute."""

import numpy as np
import pytest
from bench.operators import GENERATORS

from qmcu.model.byte_functions import byte_function
from qmcu.model.graph import Operator, Quantization
from qmcu.model.oracle import Oracle
from qmcu.model.pieces import is_own
from qmcu.model.random_inputs import random_array
from qmcu.model.writer import write_model
from qmcu.tensorflow import load_tensorflow

# Graphs of a form that are compared; of some most are tflite-micro's own.
_ENOUGH = 12
# TensorFlow 2.21's LiteRT has no SQRT of int8.
_FORMS = (
    "EXP", "GELU", "LOG", "BATCH_TO_SPACE_ND int16", "SPACE_TO_BATCH_ND int16", "GATHER int16",
    "GATHER_ND int16", "REDUCE_MAX int16", "REDUCE_MIN int16", "RESIZE_BILINEAR int16",
    "ABS int32", "ADD int64", "BITWISE_XOR int32", "CUMSUM int32", "CUMSUM int64",
    "FLOOR_MOD int64", "MIRROR_PAD int64", "MUL int64", "NEG int32", "NEG int64", "PAD int64",
    "PAD bool", "RIGHT_SHIFT int32", "SCATTER_ND", "SCATTER_ND int32", "SCATTER_ND int64",
    "SCATTER_ND float32", "SEGMENT_SUM int32", "SEGMENT_SUM float32", "SUB int64",
    "UNSORTED_SEGMENT_SUM int32", "UNSORTED_SEGMENT_SUM float32", "STRIDED_SLICE",
    "ARG_MAX int32", "ARG_MIN int32", "BUCKETIZE int32", "BUCKETIZE int64",
    "BUCKETIZE float32", "MEAN int32", "MEAN int64", "REDUCE_MAX int32", "REDUCE_MAX int64",
    "REDUCE_MIN int32", "REDUCE_MIN int64", "REDUCE_PROD", "REDUCE_PROD int16", "REDUCE_PROD int32",
    "REDUCE_PROD int64", "REDUCE_PROD float32", "SIGN int32", "SIGN float32", "SUM int32",
    "SUM int64", "TOPK_V2", "TOPK_V2 int32", "TOPK_V2 int64", "TOPK_V2 uint8", "TOPK_V2 float32",
)  # fmt: skip
# Of these LiteRT has one kernel, which is not listed with those that are for reference alone.
_RESOLVERS = dict.fromkeys(
    (
        "BITWISE_XOR int32", "CUMSUM int32", "CUMSUM int64", "RIGHT_SHIFT int32",
        "SEGMENT_SUM int32", "SEGMENT_SUM float32",
    ), "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
)  # fmt: skip
# Of these LiteRT repeats elements in four dimensions at most, and aborts beyond.
_FLAT = ("BITWISE_XOR int32", "FLOOR_MOD int64", "RIGHT_SHIFT int32")


@pytest.mark.parametrize("form", _FORMS)
def test_the_reference_is_litert_s(form: str) -> None:
    lite = load_tensorflow().lite
    kernels = lite.experimental.OpResolverType
    compared = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        graph = GENERATORS[form](rng)
        deep = any(len(tensor.shape) > 4 for tensor in graph.tensors)
        if not is_own(graph, graph.operators[0]) or (deep and form in _FLAT):
            continue
        inputs = [random_array(rng, graph, tensor, 1)[0] for tensor in graph.input_tensors]
        interpreter = lite.Interpreter(
            model_content=write_model(graph),
            experimental_op_resolver_type=getattr(kernels, _RESOLVERS.get(form, "BUILTIN_REF")),
        )
        interpreter.allocate_tensors()
        for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        found = Oracle(write_model(graph)).run(inputs)
        for detail, array in zip(interpreter.get_output_details(), found, strict=True):
            expected = interpreter.get_tensor(detail["index"])
            assert array.tobytes() == expected.tobytes(), f"seed {seed}"
        compared += 1
        if compared == _ENOUGH:
            return
    assert compared >= 5


def test_int8_square_roots_are_cut_off() -> None:
    """As by LiteRT since SQRT of int8 is there; 0 for what has no root."""
    results = byte_function(
        Operator(0, "SQRT", (0,), (1,)), Quantization((0.25,), (0,)), Quantization((1.0,), (-5,))
    )
    quarters = np.array([-4, 0, 3, 4, 8, 9, 15, 16, 36])
    assert (results[quarters + 128] + 5).tolist() == [0, 0, 0, 1, 1, 1, 1, 2, 3]


def test_ties_of_tables_are_rounded_away_from_zero() -> None:
    """exp(0) is half a step of 2."""
    operator = Operator(0, "EXP", (0,), (1,))
    results = byte_function(operator, Quantization((1.0,), (0,)), Quantization((2.0,), (-5,)))
    assert results[128] == -4
