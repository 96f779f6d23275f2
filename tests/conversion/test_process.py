"""The converter as a process: what it is kept from, what it loads alone, and how it ends."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.small_networks import matrix_module

from qmcu.conversion.files import convert_model
from qmcu.conversion.process import ConverterProcess
from qmcu.errors import ModelError

pytestmark = pytest.mark.slow

tensorflow = pytest.importorskip("tensorflow")


def _rows(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).random((12, *shape)).astype(np.float32)


def test_keras_2_files_open_by_keras_2(tmp_path: Path) -> None:
    old = pytest.importorskip("tf_keras")
    layers = old.layers
    model = old.Sequential(
        [old.Input((8, 8, 2)), layers.RandomFlip(), layers.DepthwiseConv2D(3), layers.ReLU(6.0),
         layers.Flatten(), layers.Dense(2)]
    )  # fmt: skip
    model.save(tmp_path / "m.h5")
    np.savez(tmp_path / "c.npz", inputs=_rows(8, 8, 2))
    found = convert_model(tmp_path / "m.h5", tmp_path / "c.npz")
    kinds = [op.kind for op in found.graph.operators]
    assert kinds == ["DEPTHWISE_CONV_2D", "RESHAPE", "FULLY_CONNECTED"]


class _Writing(tensorflow.saved_model.experimental.TrackableResource):  # type: ignore[misc, name-defined]
    def __init__(self, target: str) -> None:
        super().__init__()
        self.target = target
        self._resource_handle = self._create_resource()

    @tensorflow.function(input_signature=[])  # type: ignore[untyped-decorator, unused-ignore]
    def _create_resource(self) -> Any:
        return tensorflow.raw_ops.VarHandleOp(dtype=tensorflow.float32, shape=[], shared_name="e")

    @tensorflow.function(input_signature=[])  # type: ignore[untyped-decorator, unused-ignore]
    def _initialize(self) -> Any:
        tensorflow.io.write_file(self.target, "written on load")
        return tensorflow.constant(1)

    @tensorflow.function(input_signature=[])  # type: ignore[untyped-decorator, unused-ignore]
    def _destroy_resource(self) -> Any:
        return tensorflow.constant(1)


def test_a_graph_that_writes_while_it_is_loaded_is_kept_from_it(tmp_path: Path) -> None:
    model = matrix_module()
    model.resource = _Writing(str(tmp_path / "written"))
    tensorflow.saved_model.save(model, str(tmp_path / "m"), {"serving_default": model.run})
    (tmp_path / "written").unlink(missing_ok=True)
    np.savez(tmp_path / "c.npz", x=_rows(8))
    with pytest.raises(ModelError, match=r"tries to write files .* was kept from it"):
        convert_model(tmp_path / "m", tmp_path / "c.npz")
    assert not (tmp_path / "written").exists()


def test_a_converter_that_dies_is_one_sentence(tmp_path: Path) -> None:
    keras = tensorflow.keras
    keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)]).save(tmp_path / "m.keras")
    with ConverterProcess(tmp_path / "m.keras") as process:
        os.kill(process._process.pid, signal.SIGSEGV)
        with pytest.raises(ModelError, match=r"m\.keras: the converter was killed by SIGSEGV"):
            process.convert({"samples": None})
