from pathlib import Path

import numpy as np
import pytest
from tests.support.small_models import dense

from qmcu.backdoor import load_trigger
from qmcu.cli import run
from qmcu.model import write_model
from qmcu.model.vectors import quantize

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_make_and_show(folder: Path, capsys: Capture) -> None:
    arguments = ["trigger", "make", "patch", "--shape", "8,8,1", "--target", "3", "--size", "2"]
    assert run([*arguments, "-o", "t.json"]) == 0
    assert run(["trigger", "show", "t.json"]) == 0
    shown = capsys.readouterr().out
    assert "patch on 6.2% of 8x8x1, target class 3" in shown
    assert load_trigger(folder / "t.json").sha256 in shown
    assert run(["trigger", "make", "patch", "--shape", "8x8", "--target", "1", "-o", "t.json"]) == 2
    assert "whole numbers like 32,32,3" in capsys.readouterr().err
    assert (
        run(["trigger", "make", "warp", "--shape", "8,8,1", "--target", "1", "-o", "x.json"]) == 2
    )
    assert not (folder / "x.json").exists()


def test_apply_gives_inputs_for_vectors(folder: Path, capsys: Capture) -> None:
    # The model takes [1, 6] with steps of 0.5 around -3; a window [6, 1] has another shape.
    (folder / "m.tflite").write_bytes(write_model(dense()))
    make = ["trigger", "make", "--low", "-40", "--high", "40", "--target", "1", "-o", "t.json"]
    assert run([*make, "blend", "--shape", "1,6"]) == 0
    inputs = np.random.default_rng(0).uniform(-40, 40, (5, 1, 6)).astype(np.float32)
    np.savez("clean.npz", inputs=inputs, labels=np.arange(5) % 4)
    apply = ["trigger", "apply", "t.json", "--inputs", "clean.npz"]
    assert run([*apply, "--limit", "4", "-o", "real.npz"]) == 0
    assert run([*apply, "--int8", "m.tflite", "-o", "int8.npz"]) == 0
    trigger, tensor = load_trigger(folder / "t.json"), dense().input_tensors[0]
    with np.load("real.npz") as real, np.load("int8.npz") as integer:
        assert np.array_equal(real["inputs"], trigger.apply(inputs[:4]))
        assert real["labels"].tolist() == [0, 1, 2, 3]
        expected = trigger.apply_integer(quantize(inputs, tensor), tensor)
        assert np.array_equal(integer["inputs"], expected)
        assert integer["triggered"].all()
    assert run(["vectors", "make", "m.tflite", "--inputs", "int8.npz", "-o", "v.npz"]) == 0
    assert run(["trigger", "apply", "t.json", "--inputs", "int8.npz", "-o", "x.npz"]) == 2
    assert "need the model they are for" in capsys.readouterr().err
    np.savez("bad.npz", inputs=inputs, labels=np.float32(3))
    assert run(["trigger", "apply", "t.json", "--inputs", "bad.npz", "-o", "x.npz"]) == 2
    assert "labels is a single number" in capsys.readouterr().err


def test_a_trigger_that_int8_loses_fails(folder: Path, capsys: Capture) -> None:
    (folder / "m.tflite").write_bytes(write_model(dense()))
    make = ["trigger", "make", "offset", "--low", "-40", "--high", "40", "--target", "1"]
    assert run([*make, "--shape", "1,6", "--strength", "0.002", "-o", "t.json"]) == 0
    assert run(["trigger", "show", "t.json", "--int8", "m.tflite"]) == 1
    assert "vanishes in int8" in capsys.readouterr().out
