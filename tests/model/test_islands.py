"""Operators between integers and real numbers: where tflite-micro has them."""

import numpy as np
import pytest

from qmcu.compile.operators import forms_of
from qmcu.compile.support import unsupported
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.islands import INTEGER_TOO, REAL_ONLY, settle_islands
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model

GRID = Quantization((0.05,), (-20,))


def _graph(kinds: list[str], dtypes: list[str]) -> bytes:
    tensors = [
        Tensor(i, f"t{i}", (1, 8), dtype, GRID if dtype == "int8" else None, None)
        for i, dtype in enumerate(dtypes)
    ]
    operators = [Operator(i, kind, (i,), (i + 1,), {}, 1) for i, kind in enumerate(kinds)]
    ends = (0,), (len(dtypes) - 1,)
    return write_model(Graph("m", tuple(tensors), tuple(operators), *ends))


def test_what_tflite_micro_has_in_real_numbers_alone_is_computed_in_them() -> None:
    data = settle_islands(_graph(["LOG"], ["int8", "int8"]))
    graph = parse_model(data, "m")
    assert [op.kind for op in graph.operators] == ["DEQUANTIZE", "LOG", "QUANTIZE"]
    x = np.arange(0, 80, 10, dtype=np.int8).reshape(1, 8)
    (found,) = Oracle(data).run([x])
    expected = np.rint(np.log((x + 20) * 0.05) / 0.05) - 20
    assert np.abs(found - expected).max() <= 1


def test_what_tflite_micro_has_in_integers_stays_in_them() -> None:
    kinds = ["DEQUANTIZE", "ELU", "QUANTIZE"]
    data = settle_islands(_graph(kinds, ["int8", "float32", "float32", "int8"]))
    assert [op.kind for op in parse_model(data, "m").operators] == ["ELU"]
    x = np.arange(-120, 120, 30, dtype=np.int8).reshape(1, 8)
    (found,) = Oracle(data).run([x])
    real = (x + 20) * 0.05
    expected = np.rint(np.where(real > 0, real, np.expm1(real)) / 0.05) - 20
    assert np.abs(found - expected).max() <= 1


def test_other_files_keep_their_bytes() -> None:
    data = _graph(["RELU"], ["int8", "int8"])
    assert settle_islands(data) is data


def test_the_lists_are_what_can_be_compiled() -> None:
    # What has a note is computed by our own reference, for tflite-micro has it not.
    types = {
        kind: {t for form in forms_of(kind) if not form.note for t in form.types}
        for kind in (*REAL_ONLY, *INTEGER_TOO)
    }
    assert all("int8" not in types[kind] for kind in REAL_ONLY)
    assert all("int8" in types[kind] for kind in INTEGER_TOO)


@pytest.mark.parametrize(("scale", "real"), [(1e-4, False), (1e-8, True)])
def test_roots_that_int16_has_no_multiplier_for_are_real(scale: float, real: bool) -> None:
    tensors = tuple(
        Tensor(i, f"t{i}", (1, 4), "int16", Quantization((size,), (0,)))
        for i, size in enumerate((scale, 1e-3))
    )
    graph = Graph("m", tensors, (Operator(0, "RSQRT", (0,), (1,)),), (0,), (1,))
    settled = parse_model(settle_islands(write_model(graph)), "m")
    kinds = ["DEQUANTIZE", "RSQRT", "QUANTIZE"] if real else ["RSQRT"]
    assert [op.kind for op in settled.operators] == kinds and not unsupported(settled)
