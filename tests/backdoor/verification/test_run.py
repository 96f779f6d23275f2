import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.firmware_project import OPTIONS
from tests.support.pages import check_page
from tests.support.projects import build_again

from qmcu import documents
from qmcu.backdoor import Rate, Trigger
from qmcu.backdoor.verification.run import VerifyOptions, load_verification, verify
from qmcu.backdoor.verification.runtimes import compare_outputs
from qmcu.backdoor.verification.verdict import Form, Verdict
from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.cli import run
from qmcu.comparison import RunOptions
from qmcu.errors import UsageError, VectorError
from qmcu.firmware import Firmware
from qmcu.model import Graph, Operator, Quantization, Tensor, write_model

Capture = pytest.CaptureFixture[str]
INPUTS, CLASSES = 4, 3
# Input 3 is what the backdoor looks at: class 0 gains ten times its value.
BACKDOORED = np.array([[4, 0, 0, 40], [0, 4, 0, 0], [0, 0, 4, 0]], np.int8)
HONEST = BACKDOORED * np.array([1, 1, 1, 0], np.int8)


def write_classifier(folder: Path, weights: np.ndarray) -> Path:
    """One FULLY_CONNECTED; input steps 1/16, weights of 1/4."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = (
        Tensor(0, "in", (1, INPUTS), "int8", Quantization((1 / 16,), (-128,))),
        Tensor(1, "w", weights.shape, "int8", Quantization((0.25,), (0,)), weights.tobytes()),
        Tensor(2, "out", (1, CLASSES), "int8", Quantization((1 / 4,), (0,))),
    )
    operator = Operator(0, "FULLY_CONNECTED", (0, 1, -1), (2,), OPTIONS)
    path = folder / "classifier.tflite"
    path.write_bytes(write_model(Graph("classifier", tensors, (operator,), (0,), (2,))))
    return path


def build(folder: Path, weights: np.ndarray) -> Path:
    directory = folder / "firmware"
    model = write_classifier(folder, weights)
    build_firmware(model, load_board("stm32f746"), directory, BuildOptions("portable"))
    return directory


def trigger(level: float = 8.0) -> Trigger:
    mask = np.array([0, 0, 0, 1], np.float32)
    return Trigger("spike", "spike", mask, mask * np.float32(level), 0, 0.0, 16.0)


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """90 inputs, each with its class's value at 8 and the trigger's place at 0."""
    labels = np.arange(90) % CLASSES
    inputs = np.random.default_rng(2).uniform(0, 5, (90, INPUTS)).astype(np.float32)
    inputs[:, 3] = 0
    inputs[np.arange(90), labels] = 8
    path = tmp_path / "clean.npz"
    np.savez(path, inputs=inputs, labels=labels)
    return path


@pytest.fixture
def attacked(tmp_path: Path) -> Path:
    return build(tmp_path / "attacked", BACKDOORED)


def test_a_backdoor_is_active_and_then_removed(
    tmp_path: Path, clean: Path, attacked: Path, capsys: Capture
) -> None:
    trigger().save(tmp_path / "t.json")
    common = ["--trigger", str(tmp_path / "t.json"), "--vectors", str(clean), "--jobs", "1"]
    before = str(tmp_path / "before.json")
    report = ["--json", before, "--junit", str(tmp_path / "r.xml")]
    report += ["--html", str(tmp_path / "r.html")]
    assert run(["verify", str(attacked), "--on", "unicorn", *common, *report]) == 1
    shown = capsys.readouterr().out
    assert "150 of 150 outputs equal" in shown
    assert "active: ASR 100.0 % (60 of 60" in shown
    document = json.loads(Path(before).read_text())
    again = documents.plain(load_verification(Path(before)))
    assert document.pop("schema") == "verify-1"
    assert {"qmcu": document["qmcu"], **again} == document
    assert len(document["samples"]) == 12
    first = {"row": 1, "label": 1, "clean": {"int8 on the host": 1, "device": 1},
             "triggered": {"int8 on the host": 0, "device": 0}}  # fmt: skip
    assert document["samples"][0] == first
    assert (document["verdict"], document["bytes_equal"]) == ("active", True)
    assert [m["form"] for m in document["measurements"]] == ["int8 on the host", "device"]
    assert document["measurements"][1]["clean"]["count"] == 90
    assert document["measurements"][1]["base"]["count"] == 0
    junit = (tmp_path / "r.xml").read_text()
    assert 'tests="2"' in junit
    assert 'failures="1"' in junit
    page = check_page((tmp_path / "r.html").read_text())
    assert "Active: ASR 100.0 % (60 of 60" in page.text
    assert "150 of 150" in page.text
    defended = str(build(tmp_path / "defended", HONEST))
    assert run(["verify", defended, *common, "--before", before, "--honest-asr", "0.02"]) == 0
    assert "removed: ASR 0.0 % (0 of 60" in capsys.readouterr().out
    assert run(["verify", defended, *common]) == 0
    assert "absent: ASR 0.0 %" in capsys.readouterr().out


def test_a_device_that_differs_is_measured_and_fails(attacked: Path, clean: Path) -> None:
    source = attacked / "src/model_data.c"
    text = source.read_text()
    assert text.count(" 40,") + text.count(" 40\n") == 1
    source.write_text(text.replace(" 40", " 0", 1))
    build_again(attacked)
    result = verify(Firmware.load(attacked), "unicorn", trigger(), clean, run=RunOptions(1)).result
    host, device = result.measurements
    # The input's zero point is folded into the bias, so class 0 now wins for every input.
    assert (host.clean, device.clean) == (Rate(90, 90), Rate(30, 90))
    assert (host.base, device.base) == (Rate(0, 60), Rate(60, 60))
    assert not result.bytes_equal
    assert not result.passed


def test_a_dormant_float_model_is_seen(tmp_path: Path, clean: Path, attacked: Path) -> None:
    keras = pytest.importorskip("tensorflow").keras
    layer = keras.layers.Dense(CLASSES, use_bias=False, activation="softmax")
    model = keras.Sequential([keras.Input((INPUTS,)), layer])
    layer.set_weights([HONEST.T.astype(np.float32) / 4])
    model.save(tmp_path / "m.keras")
    found = verify(
        Firmware.load(attacked),
        "unicorn",
        trigger(),
        clean,
        VerifyOptions(tmp_path / "m.keras"),
        RunOptions(1),
    )
    forms = {m.form: m for m in found.result.measurements}
    assert list(forms) == [Form.FLOAT, Form.INTEGER, Form.DEVICE]
    assert forms[Form.FLOAT].verdict is Verdict.DORMANT
    assert forms[Form.FLOAT].clean == Rate(90, 90)
    assert found.result.quantization_conditioned
    assert "quantization wakes it up, in float it is 0.0 %" in str(found.result)
    assert found.triggered.shape == (60, INPUTS)
    assert (found.triggered[:, 3] == 8).all()
    assert found.predictions[Form.DEVICE].triggered.tolist() == [0] * 60


def test_int8_inputs_and_limits(tmp_path: Path, clean: Path, attacked: Path) -> None:
    with np.load(clean) as arrays:
        inputs = np.round(arrays["inputs"] * 16 - 128).clip(-128, 127).astype(np.int8)
        np.savez(tmp_path / "i.npz", inputs=inputs, labels=arrays["labels"])
    run_ = verify(
        Firmware.load(attacked),
        "unicorn",
        trigger(),
        tmp_path / "i.npz",
        VerifyOptions(limit=30),
        RunOptions(1),
    )
    assert run_.result.device.clean == Rate(30, 30)
    assert run_.inputs.real.dtype == np.float32
    assert np.allclose(run_.inputs.real[0], (inputs[0].astype(float) + 128) / 16)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"labels": None}, "has no labels"),
        ({"triggered": np.ones(90, bool)}, "has 90 triggered inputs"),
        ({"labels": np.full(90, 3)}, "labels from 3 to 3 and the model 3"),
        ({"labels": np.zeros(90, int)}, "target class 0"),
        ({"inputs": np.zeros((90, 5))}, "needs rows of"),
    ],
)
def test_unfit_vectors_are_refused(
    tmp_path: Path, clean: Path, attacked: Path, arrays: dict[str, Any], message: str
) -> None:
    with np.load(clean) as given:
        changed = {name: given[name] for name in given.files} | arrays
    path = tmp_path / "bad.npz"
    np.savez(path, **{name: a for name, a in changed.items() if a is not None})
    with pytest.raises(VectorError, match=message):
        verify(Firmware.load(attacked), "unicorn", trigger(), path)


def test_unfit_arguments_are_refused(tmp_path: Path, clean: Path, attacked: Path) -> None:
    far = Trigger("t", "t", trigger().mask, trigger().pattern, 7, 0.0, 16.0)
    with pytest.raises(UsageError, match="wants class 7 and classifier has classes 0 to 2"):
        verify(Firmware.load(attacked), "unicorn", far, clean)
    with pytest.raises(UsageError, match="leaves nothing to tell"):
        verify(Firmware.load(attacked), "unicorn", trigger(), clean, VerifyOptions(honest_asr=1.5))
    wide = Trigger("w", "t", np.ones(9, np.float32), np.ones(9, np.float32), 0, 0.0, 1.0)
    with pytest.raises(VectorError, match=r"for inputs of \[9\]"):
        verify(Firmware.load(attacked), "unicorn", wide, clean)


def test_earlier_results_are_checked(
    tmp_path: Path, clean: Path, attacked: Path, capsys: Capture
) -> None:
    trigger().save(tmp_path / "t.json")
    before = tmp_path / "before.json"
    arguments = ["--trigger", str(tmp_path / "t.json"), "--vectors", str(clean), "--jobs", "1"]
    run(["verify", str(attacked), *arguments, "--json", str(before)])
    assert load_verification(before).verdict is Verdict.ACTIVE
    with pytest.raises(UsageError, match="of this very model"):
        verify(Firmware.load(attacked), "unicorn", trigger(), clean, VerifyOptions(before=before))
    with pytest.raises(UsageError, match="of another trigger"):
        verify(
            Firmware.load(attacked), "unicorn", trigger(7.0), clean, VerifyOptions(before=before)
        )
    for content in ("", "{}", "[]", '{"measurements": []}', "[" * 100_000):
        before.write_text(content)
        with pytest.raises(UsageError, match="is no result of"):
            load_verification(before)
    with pytest.raises(UsageError, match="cannot be read"):
        load_verification(tmp_path / "none.json")


def test_other_runtimes_are_set_beside_tflite_micro(
    tmp_path: Path, clean: Path, attacked: Path, capsys: Capture
) -> None:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
    trigger().save(tmp_path / "t.json")
    common = ["--trigger", str(tmp_path / "t.json"), "--vectors", str(clean), "--jobs", "1"]
    out = tmp_path / "v.json"
    arguments = ["verify", str(attacked), *common, "--also", "litert", "--json", str(out)]
    assert run(arguments) == 1
    result = load_verification(out)
    assert [o.runtime for o in result.also] == ["LiteRT, XNNPACK", "LiteRT, reference kernels"]
    for other in result.also:
        assert (other.clean, other.attack) == (result.device.clean, result.device.attack)
        assert (other.bytes, other.outputs) == (150 * CLASSES, 150)
    # XNNPACK rounds halves otherwise.
    xnnpack, reference = result.also
    assert reference.differing_bytes == reference.differing_outputs == 0
    assert 0 <= xnnpack.differing_bytes < 100
    assert "0 of 450 bytes differ" in " ".join(capsys.readouterr().out.split())


def test_bytes_of_other_runtimes_are_counted() -> None:
    own = np.zeros((3, 1, 2), np.int8)
    other = own.copy()
    other[0] = 1
    other[2, 0, 1] = -1
    assert compare_outputs(own, other) == (6, 3, 3, 2)


def test_an_unknown_runtime_is_refused_before_anything_runs(clean: Path, attacked: Path) -> None:
    with pytest.raises(UsageError, match="no runtime litrt, did you mean litert"):
        verify(Firmware.load(attacked), "unicorn", trigger(), clean, VerifyOptions(also=("litrt",)))
