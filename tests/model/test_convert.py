"""Conversion of Keras models to full int8, where TensorFlow is installed."""

import importlib.util
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qmcu.compile import unsupported
from qmcu.conversion.files import convert_model
from qmcu.errors import ModelError, ToolError, VectorError
from qmcu.model.oracle import Oracle

pytestmark = pytest.mark.usefixtures("converter_here")

needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None,
    reason="TensorFlow is not installed (pip install qmcu[convert])",
)


@pytest.fixture(scope="module")
def keras() -> Any:
    tensorflow = pytest.importorskip("tensorflow")
    tensorflow.keras.utils.set_random_seed(3)
    return tensorflow.keras


@pytest.fixture(scope="module")
def model(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Convolution, flatten and dense; with a calibration file beside it."""
    folder = tmp_path_factory.mktemp("model")
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((6, 5, 2)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    network.save(folder / "m.keras")
    rng = np.random.default_rng(0)
    np.savez(folder / "c.npz", inputs=rng.normal(size=(20, 6, 5, 2)).astype(np.float32))
    return folder / "m.keras"


@needs_tensorflow
def test_the_result_is_int8_compilable_and_the_same_each_time(keras: Any, model: Path) -> None:
    calibration = model.with_name("c.npz")
    first = convert_model(model, calibration)
    assert first.per_channel
    assert first.samples == 20
    assert [op.kind for op in first.graph.operators] == [
        "CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX",
    ]  # fmt: skip
    assert unsupported(first.graph) == []
    assert convert_model(model, calibration).model == first.model
    x = np.load(calibration)["inputs"][:1]
    quantization = first.graph.input_tensors[0].quantization
    assert quantization is not None
    q = np.clip(np.round(x / quantization.scale) + quantization.zero_point, -128, 127)
    (output,) = Oracle(first.model).run([q.astype(np.int8)])
    real = keras.models.load_model(model).predict(x, verbose=0)
    assert np.abs((output.astype(int) + 128) / 256 - real).max() < 0.05


@needs_tensorflow
def test_per_tensor_weights(model: Path) -> None:
    assert not convert_model(model, model.with_name("c.npz"), per_tensor=True, limit=5).per_channel


@needs_tensorflow
def test_two_inputs_keep_their_own_ranges(keras: Any, tmp_path: Path) -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    joined = keras.layers.Concatenate()([keras.layers.Dense(2)(a), keras.layers.Dense(2)(b)])
    keras.Model([a, b], joined).save(tmp_path / "m.keras")
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "c.npz",
        input_0=rng.uniform(-1, 1, (30, 4)).astype(np.float32),
        input_1=rng.uniform(-50, 50, (30, 3)).astype(np.float32),
    )
    graph = convert_model(tmp_path / "m.keras", tmp_path / "c.npz").graph
    scales = {t.shape[1]: t.quantization.scale for t in graph.input_tensors if t.quantization}
    assert scales[4] == pytest.approx(2 / 255, rel=0.1)
    assert scales[3] == pytest.approx(100 / 255, rel=0.1)


@needs_tensorflow
def test_what_stays_in_float_is_refused_by_name(keras: Any, tmp_path: Path) -> None:
    tensorflow = pytest.importorskip("tensorflow")

    class Cumulative(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return tensorflow.math.cumsum(x, axis=1)

    inputs = keras.Input((6,))
    keras.Model(inputs, Cumulative()(keras.layers.Dense(4)(inputs))).export(
        str(tmp_path / "m"), verbose=False
    )
    np.savez(tmp_path / "c.npz", inputs=np.ones((3, 6), np.float32))
    with pytest.raises(ModelError, match=r"cannot be fully integer: CUMSUM .* stay in float"):
        convert_model(tmp_path / "m", tmp_path / "c.npz")
    with pytest.raises(ModelError, match=r"CUMSUM .* stay in float.*cannot be compiled either: x"):
        convert_model(tmp_path / "m", tmp_path / "c.npz", problems=lambda graph: ["x"])
    found = convert_model(tmp_path / "m", tmp_path / "c.npz", problems=unsupported)
    assert "CUMSUM" in found.in_float
    assert found.float_values == 2 * 4 * found.in_float.count("CUMSUM")


@needs_tensorflow
@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_inputs_and_outputs_are_in_the_model_s_own_order(
    keras: Any, tmp_path: Path, saved: bool, named: bool
) -> None:
    zeta, alpha = keras.Input((4,), name="zeta"), keras.Input((4,), name="alpha")
    dense = keras.layers.Dense
    outputs = [dense(5, name="second")(zeta), dense(2, name="first")(alpha)]
    outputs.append(keras.layers.Concatenate(name="all")(outputs))
    network = keras.Model([zeta, alpha], outputs)
    source = tmp_path / ("saved" if saved else "m.keras")
    network.export(str(source), verbose=False) if saved else network.save(source)
    rng = np.random.default_rng(0)
    names = ("zeta", "alpha") if named else ("input_0", "input_1")
    rows = [rng.uniform(-most, most, (30, 4)).astype(np.float32) for most in (1, 50)]
    arrays: dict[str, Any] = dict(zip(names, rows, strict=True))
    np.savez(tmp_path / "c.npz", **arrays)
    graph = convert_model(source, tmp_path / "c.npz").graph
    assert graph.input_names == ("zeta", "alpha")
    ranges = [t.quantization.scale * 255 for t in graph.input_tensors if t.quantization]
    assert ranges == pytest.approx([2, 100], rel=0.1)
    assert [t.shape for t in graph.output_tensors] == [(1, 5), (1, 2), (1, 7)]
    keys = ("output_0", "output_1", "output_2") if saved else ("second", "first", "all")
    assert graph.output_names == keys


@needs_tensorflow
def test_wrong_files_are_named(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"absent\.keras does not exist"):
        convert_model(tmp_path / "absent.keras", model.with_name("c.npz"))
    (tmp_path / "broken.keras").write_bytes(b"not a zip")
    with pytest.raises(ModelError, match=r"broken\.keras is no loadable Keras model"):
        convert_model(tmp_path / "broken.keras", model.with_name("c.npz"))
    np.savez(tmp_path / "c.npz", inputs=np.zeros((3, 7), np.float32))
    with pytest.raises(VectorError, match=r"rows of \[6, 5, 2\] real numbers are needed"):
        convert_model(model, tmp_path / "c.npz")


def test_without_tensorflow_the_command_that_gets_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(ToolError, match="the package tensorflow, which is not installed: `pip"):
        convert_model(tmp_path / "m.keras", tmp_path / "c.npz")
