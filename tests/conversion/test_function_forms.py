"""Functions that TFLite lacks, by others: the same numbers, and TensorFlow's own again behind."""

from pathlib import Path

import numpy as np
import pytest

from qmcu.compile import unsupported
from qmcu.conversion.function_forms import ERF_NOTE, function_forms, notes_of
from qmcu.conversion.sources import open_source
from qmcu.model.reader import parse_model

tensorflow = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
_NEAR = {"erf": 4e-4, "erfc": 4e-4}


@pytest.mark.parametrize(
    "name",
    ["acos", "acosh", "asin", "asinh", "atan", "atanh", "cosh", "erf", "erfc", "sinh", "tan"],
)
def test_a_form_gives_what_tensorflow_gives(name: str) -> None:
    inside = name in ("acos", "asin", "atanh")
    ends = (-0.95, 0.95) if inside else (1.0, 9.0) if name == "acosh" else (-1.4, 1.4)
    x = np.linspace(*ends, 301, dtype=np.float32)
    own = getattr(tensorflow.math, name)
    expected = own(x).numpy()
    with function_forms(tensorflow) as asked:
        found = getattr(tensorflow.math, name)(x).numpy()
    assert asked == {name} and getattr(tensorflow.math, name) is own
    np.testing.assert_allclose(found, expected, atol=_NEAR.get(name, 1e-5), rtol=1e-5)
    assert notes_of(asked) == ((ERF_NOTE,) if name.startswith("erf") else ())


def test_a_keras_model_with_erf_and_angles_becomes_int8(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras", reason="Keras 3 is not installed")
    source = keras.Input((6,))
    x = keras.layers.Dense(4)(source)
    ends = keras.ops.concatenate([keras.ops.erf(x), keras.ops.arctan(x)], -1)
    keras.Model(source, ends).save(tmp_path / "m.keras")
    rows = np.random.default_rng(0).normal(size=(16, 6)).astype(np.float32)
    np.savez(tmp_path / "samples.npz", input_0=rows)
    opened = open_source(tmp_path / "m.keras", tmp_path, {})
    opened.convert({"samples": "samples.npz"})
    graph = parse_model((tmp_path / "model.tflite").read_bytes())
    kinds = {op.kind for op in graph.operators}
    assert {"TANH", "ATAN2"} <= kinds and not unsupported(graph)
    assert ERF_NOTE in opened.notes
