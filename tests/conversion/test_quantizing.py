"""What a quantized file of a float one gives, beside the float one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qmcu.compile import unsupported
from qmcu.conversion.quantizing import quantize_file
from qmcu.conversion.sources import open_source
from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model

SIZE = 8


def test_a_causal_mask_leaves_the_scores_their_steps() -> None:
    pytest.importorskip("tensorflow")
    mask = np.triu(np.full((SIZE, SIZE), -1e9, np.float32), 1)
    shape = (1, SIZE, SIZE)
    tensors = (
        Tensor(0, "scores", shape, "float32", None, None),
        Tensor(1, "mask", mask.shape, "float32", None, mask.tobytes()),
        Tensor(2, "masked", shape, "float32", None, None),
        Tensor(3, "weights", shape, "float32", None, None),
    )
    operators = (
        Operator(0, "ADD", (0, 1), (2,), {"fused_activation_function": "NONE"}, 1),
        Operator(1, "SOFTMAX", (2,), (3,), {"beta": 1.0}, 1),
    )
    data = write_model(Graph("m", tensors, operators, (0,), (3,)))
    rows = (np.random.default_rng(0).random((20, SIZE, SIZE)) * 8 - 4).astype(np.float32)
    whole = quantize_file(Path("m.tflite"), data, [rows], {})
    grid = parse_model(whole, "m").input_tensors[0].quantization
    assert grid is not None
    steps = np.clip(np.rint(rows[0] / grid.scale) + grid.zero_point, -128, 127).astype(np.int8)
    (found,) = Oracle(whole).run([steps[np.newaxis]])
    exponents = np.exp(rows[0] + mask - np.max(rows[0] + mask, axis=-1, keepdims=True))
    wanted = exponents / exponents.sum(axis=-1, keepdims=True)
    real = (found[0].astype(np.float64) + 128) / 256
    assert np.abs(real - wanted).max() < 0.05
    assert (real[mask < 0] == 0).all()


def _limited() -> tuple[bytes, np.ndarray[Any, Any]]:
    """A MINIMUM with 0 beside a RELU, which both read the input, and rows for it."""
    shape = (1, 8)
    tensors = (
        Tensor(0, "x", shape, "float32", None, None),
        Tensor(1, "zero", (), "float32", None, np.zeros((), np.float32).tobytes()),
        Tensor(2, "below", shape, "float32", None, None),
        Tensor(3, "above", shape, "float32", None, None),
    )
    operators = (
        Operator(0, "MINIMUM", (0, 1), (2,), {}, 1),
        Operator(1, "RELU", (0,), (3,), {}, 1),
    )
    data = write_model(Graph("m", tensors, operators, (0,), (2, 3)))
    return data, (np.random.default_rng(0).random((20, 8)) * 8 - 4).astype(np.float32)


@pytest.mark.parametrize("wide", [False, True])
def test_a_limit_does_not_cut_what_another_operator_reads(wide: bool) -> None:
    pytest.importorskip("tensorflow")
    data, rows = _limited()
    whole = quantize_file(Path("m.tflite"), data, [rows], {"wide": wide})
    source = parse_model(whole, "m").input_tensors[0]
    grid = source.quantization
    assert grid is not None and source.dtype == ("int16" if wide else "int8")
    limits = np.iinfo(source.dtype)
    assert (limits.max - grid.zero_point) * grid.scale > 3.5
    assert (limits.min - grid.zero_point) * grid.scale < -3.5


def test_what_has_no_16_bit_form_stays_in_real_numbers() -> None:
    pytest.importorskip("tensorflow")
    shape = (1, 8)
    tensors = tuple(Tensor(i, f"t{i}", shape, "float32", None, None) for i in range(4))
    operators = tuple(
        Operator(i, kind, (i,), (i + 1,), {}, 1)
        for i, kind in enumerate(("TANH", "HARD_SWISH", "RELU"))
    )
    data = write_model(Graph("m", tensors, operators, (0,), (3,)))
    rows = (np.random.default_rng(0).random((20, 8)) * 8 - 4).astype(np.float32)
    whole = quantize_file(Path("m.tflite"), data, [rows], {"wide": True})
    graph = parse_model(whole, "m")
    kinds = ["TANH", "DEQUANTIZE", "HARD_SWISH", "QUANTIZE", "RELU"]
    assert [op.kind for op in graph.operators] == kinds and not unsupported(graph)


def test_a_split_with_a_part_that_nobody_reads_stays_in_int8() -> None:
    """TensorFlow's quantizer leaves it in real numbers in some of its runs."""
    pytest.importorskip("tensorflow")
    parts = tuple(range(2, 6))
    tensors = (
        Tensor(0, "x", (1, 8), "float32", None, None),
        Tensor(1, "axis", (), "int32", None, np.array(1, np.int32).tobytes()),
        *(Tensor(i, f"part{i}", (1, 2), "float32", None, None) for i in parts),
        *(Tensor(i, f"y{i}", (1, 2), "float32", None, None) for i in (6, 7, 8)),
    )
    operators = (
        Operator(0, "SPLIT", (1, 0), parts, {"num_splits": 4}, 1),
        *(Operator(k, "TANH", (k + 1,), (k + 5,), {}, 1) for k in (1, 2, 3)),
    )
    data = write_model(Graph("m", tensors, operators, (0,), (6, 7, 8)))
    rows = (np.random.default_rng(0).random((20, 8)) * 8 - 4).astype(np.float32)
    graph = parse_model(quantize_file(Path("m.tflite"), data, [rows], {}), "m")
    kinds = [op.kind.removeprefix("STRIDED_") for op in graph.operators]
    assert kinds.count("SLICE") == 3 and "SPLIT" not in kinds
    assert all(t.dtype != "float32" for t in graph.tensors)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("kind", ["NEG", "SQUARE"])
def test_squares_and_negatives_are_integers(kind: str, wide: bool) -> None:
    pytest.importorskip("tensorflow")
    tensors = tuple(Tensor(i, f"t{i}", (1, 8), "float32") for i in range(3))
    operators = (Operator(0, kind, (0,), (1,)), Operator(1, "RELU", (1,), (2,)))
    data = write_model(Graph("m", tensors, operators, (0,), (2,)))
    rows = (np.random.default_rng(0).random((20, 8)) * 8 - 4).astype(np.float32)
    graph = parse_model(quantize_file(Path("m.tflite"), data, [rows], {"wide": wide}), "m")
    assert graph.operators[0].kind == "MUL"
    assert all(t.dtype != "float32" for t in graph.tensors) and not unsupported(graph)


@pytest.mark.slow
@pytest.mark.parametrize("wide", [False, True])
def test_a_keras_model_runs_once_over_the_samples_and_cuts_nothing(
    wide: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras = pytest.importorskip("tensorflow").keras
    from tensorflow.lite.python.optimize import calibrator

    x = keras.Input((8,))
    low = keras.layers.Minimum()([x, keras.layers.ReLU()(x)])
    keras.Model(x, keras.layers.Concatenate()([low, keras.layers.ReLU()(x)])).save(
        tmp_path / "m.keras"
    )
    rows = (np.random.default_rng(0).random((20, 8)) * 8 - 4).astype(np.float32)
    np.savez(tmp_path / "samples.npz", input_0=rows)
    fed = []
    feed = calibrator.Calibrator._feed_tensors

    def counted(self: Any, rows: Any, resize_input: bool) -> None:
        def taken() -> Any:
            for row in rows():
                fed.append(row)
                yield row

        feed(self, taken, resize_input)

    monkeypatch.setattr(calibrator.Calibrator, "_feed_tensors", counted)
    source = open_source(tmp_path / "m.keras", tmp_path, {})
    source.convert({"samples": "samples.npz", "wide": wide})
    assert len(fed) == len(rows)
    graph = parse_model((tmp_path / "model.tflite").read_bytes(), "m")
    grid = graph.input_tensors[0].quantization
    limits = np.iinfo(graph.input_tensors[0].dtype)
    assert grid is not None and (limits.max - grid.zero_point) * grid.scale > 3.5
    assert (limits.min - grid.zero_point) * grid.scale < -3.5


@pytest.mark.slow
def test_the_largest_number_of_keras_is_asked_for_as_it_is(tmp_path: Path) -> None:
    """Keras 3 looks at the sign of zeros first, by operators that TFLite lacks."""
    keras = pytest.importorskip("tensorflow").keras
    operations = pytest.importorskip("keras.ops")
    x = keras.Input((8,))
    rows = operations.one_hot(operations.argmax(x, -1), 8)
    keras.Model(x, rows).save(tmp_path / "m.keras")
    samples = np.random.default_rng(0).random((20, 8)).astype(np.float32)
    np.savez(tmp_path / "samples.npz", input_0=samples)
    open_source(tmp_path / "m.keras", tmp_path, {}).convert({"samples": "samples.npz"})
    graph = parse_model((tmp_path / "model.tflite").read_bytes(), "m")
    kinds = [op.kind for op in graph.operators]
    assert "ARG_MAX" in kinds and "ONE_HOT" not in kinds and not unsupported(graph)


def test_a_custom_operator_without_a_kernel_is_named() -> None:
    pytest.importorskip("tensorflow")
    tensors = tuple(Tensor(i, f"t{i}", (1, 4), "float32", None, None) for i in range(3))
    operators = (
        Operator(0, "RELU", (0,), (1,), {}, 1),
        Operator(1, "CUSTOM:TheirOwn", (1,), (2,), {}, 1),
    )
    data = write_model(Graph("m", tensors, operators, (0,), (2,)))
    rows = np.ones((2, 4), np.float32)
    with pytest.raises(ModelError, match=r"m\.tflite cannot be quantized: .* operator TheirOwn,"):
        quantize_file(Path("m.tflite"), data, [rows], {})
