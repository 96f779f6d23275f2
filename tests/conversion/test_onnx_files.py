"""ONNX and PyTorch files through `qmcu convert` and `qmcu.convert`."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper
from tests.support.onnx_models import Builder, run_theirs

import qmcu
from qmcu.cli.main import run
from qmcu.conversion.compare import compare
from qmcu.conversion.files import OpenOptions, convert_file, float_graph_of
from qmcu.errors import ModelError, ToolError, UsageError, VectorError
from qmcu.model.onnx.load import load_net
from qmcu.model.onnx.write import count_moves
from qmcu.model.oracle import Oracle
from qmcu.model.reader import read_model
from qmcu.report.html import render_page
from qmcu.report.html.conversion_page import conversion_page

SHAPE = (3, 6, 5)

pytestmark = pytest.mark.usefixtures("converter_here")


def _float(path: Path) -> Path:
    b = Builder(SHAPE)
    x = b.add("Relu", b.add("Conv", "x", b.random(4, 3, 3, 3), b.random(4), pads=[1, 1, 1, 1]))
    return b.save(path, b.add("Gemm", b.add("Flatten", x), b.random(120, 4, scale=0.1)))


def _quantized(path: Path, *, open_end: bool = False) -> Path:
    b = Builder(SHAPE)
    rng = np.random.default_rng(2)
    weights = b.weights(rng.integers(-127, 128, (4, 3, 3, 3)), np.full(4, 0.01))
    y = b.add("Conv", b.qdq("x", 0.02, 3), weights)
    return b.save(path, y if open_end else b.qdq(y, 0.05, -4))


def _time_first(path: Path) -> Path:
    """A bidirectional LSTM as PyTorch writes it by default: [T, N, I], and its states as inputs."""
    steps, batch, width, size = 6, 2, 3, 4
    b = Builder((batch, width))
    b.inputs = [
        helper.make_tensor_value_info(name, 1, shape)
        for name, shape in (
            ("x", (steps, batch, width)), ("h", (2, batch, size)), ("c", (2, batch, size)),
        )
    ]  # fmt: skip
    y = b.add("LSTM", "x", b.random(2, 4 * size, width), b.random(2, 4 * size, size), "", "", "h",
              "c", hidden_size=size, direction="bidirectional")  # fmt: skip
    turned = b.add("Transpose", y, perm=[0, 2, 1, 3])
    return b.save(path, b.add("Reshape", turned, b.constant([0, 0, -1], np.int64)))


def _samples(folder: Path, rows: int = 8) -> Path:
    path = folder / "samples.npz"
    values = np.random.default_rng(1).normal(size=(rows, *SHAPE)).astype(np.float32)
    np.savez(path, inputs=values)
    return path


Capture = pytest.CaptureFixture[str]


def test_a_first_size_that_is_no_batch_is_part_of_a_row(tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    path = _time_first(tmp_path / "m.onnx")
    rng = np.random.default_rng(1)
    shapes = {"x": (6, 2, 3), "h": (2, 2, 4), "c": (2, 2, 4)}
    rows = {n: rng.normal(size=(8, *shape)).astype(np.float32) for n, shape in shapes.items()}
    np.savez(tmp_path / "rows.npz", **rows)  # type: ignore[arg-type]
    found = convert_file(path, tmp_path / "rows.npz", keep_float=True)
    assert found.samples is not None and found.float_model is not None
    assert [t.shape for t in found.conversion.graph.input_tensors] == list(shapes.values())
    oracle = Oracle(found.float_model)
    session = runtime.InferenceSession(path)
    for i in range(8):
        row = {n: a[i] for n, a in rows.items()}
        (ours,) = oracle.run(list(row.values()))
        (theirs,) = session.run(None, row)
        # [T, N, D * H], whose last two axes lie the other way round.
        np.testing.assert_allclose(ours.transpose(0, 2, 1), theirs, atol=2e-5)
    loss = compare(found.float_model, found.conversion, found.samples)
    assert loss.changed < 0.05

    flat = rows | {"x": rows["x"].reshape(-1, 2, 3)}
    np.savez(tmp_path / "flat.npz", **flat)  # type: ignore[arg-type]
    with pytest.raises(
        VectorError, match=r"computes 6 at once; give inputs.reshape\(-1, 6, 2, 3\)"
    ):
        convert_file(path, tmp_path / "flat.npz")


def test_a_quantized_file_needs_no_calibration_and_keeps_its_scales(
    tmp_path: Path, capsys: Capture
) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    output = tmp_path / "m.tflite"
    path = _quantized(tmp_path / "m.onnx")
    page = tmp_path / "m.html"
    assert run(["convert", str(path), "-o", str(output), "--compare", "--html", str(page)]) == 0
    assert "Layer by layer" in page.read_text("utf-8")
    text = " ".join(capsys.readouterr().out.split())
    assert "outputs of 200 inputs differ from onnxruntime" in text and "by at most 1 steps" in text
    assert "the file's own scales" in text and "108 of 108 integer weights" in text
    assert "x is [1, 3, 6, 5] in the file and [1, 6, 5, 3] here" in text
    assert "no TRANSPOSE left" in text
    graph = read_model(output)
    assert graph.input_tensors[0].quantization is not None
    assert graph.input_tensors[0].quantization.scales == (float(np.float32(0.02)),)
    assert graph.input_names == ("x",)


def test_a_float_file_is_calibrated_on_rows_in_its_own_order(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    path, samples = _float(tmp_path / "m.onnx"), _samples(tmp_path)
    converted = convert_file(path, samples, keep_float=True)
    graph = converted.conversion.graph
    assert graph.input_tensors[0].shape == (1, 6, 5, 3) and count_moves(graph) == 0
    assert {t.dtype for t in graph.tensors} <= {"int8", "int32"}
    assert "qmcu's ONNX reader" in converted.conversion.converter
    assert "TensorFlow" in converted.conversion.converter
    assert converted.float_model is not None and converted.samples is not None
    # What is compared lies as the .tflite has it, and is drawn layer by layer.
    assert converted.samples.inputs["x"].shape == (8, 6, 5, 3)
    cost = compare(converted.float_model, converted.conversion, converted.samples)
    assert cost.layers and min(layer.snr for layer in cost.layers) > 20
    text = render_page(conversion_page(path, converted.conversion, cost))
    assert "Signal to noise by layer" in text and cost.layers[0].name in text
    import onnx

    x = np.load(samples)["inputs"][:1]
    (expected,) = run_theirs(onnx.load(path), x)
    grid, out = graph.input_tensors[0].quantization, graph.output_tensors[0].quantization
    assert grid is not None and out is not None
    row = np.rint(x.transpose(0, 2, 3, 1) / grid.scale) + grid.zero_point
    (found,) = Oracle(converted.conversion.model).run([np.clip(row, -128, 127).astype(np.int8)])
    real = (found.astype(float) - out.zero_point) * out.scale
    np.testing.assert_allclose(real, expected, atol=4 * out.scale)


def test_what_is_open_is_real_or_calibrated(tmp_path: Path) -> None:
    path = _quantized(tmp_path / "m.onnx", open_end=True)
    plain = convert_file(path, None).conversion
    assert plain.in_float == ("DEQUANTIZE", "CONV_2D")
    assert any("have no scale in the file" in note for note in plain.notes)
    given = convert_file(path, _samples(tmp_path)).conversion
    assert not given.in_float and given.graph.output_tensors[0].dtype == "int8"
    assert any("theirs are by calibration" in note for note in given.notes)


def test_axes_stay_on_request(tmp_path: Path) -> None:
    path = _quantized(tmp_path / "m.onnx")
    kept = convert_file(path, None, opening=OpenOptions(keep_layout=True)).conversion
    assert kept.graph.input_tensors[0].shape == (1, *SHAPE)
    assert kept.graph.output_tensors[0].shape == (1, 4, 4, 3)


def test_a_float_file_without_calibration_is_told_what_it_needs(
    tmp_path: Path, capsys: Capture
) -> None:
    path = _float(tmp_path / "m.onnx")
    assert run(["convert", str(path), "-o", str(tmp_path / "m.tflite")]) == 2
    assert "needs --calibration" in capsys.readouterr().err
    assert not (tmp_path / "m.tflite").exists()


def test_the_float_side_takes_onnx_and_refuses_what_is_quantized(tmp_path: Path) -> None:
    graph = float_graph_of(_float(tmp_path / "f.onnx"))
    assert [op.kind for op in graph.operators] == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED"]
    with pytest.raises(ModelError, match="is quantized already"):
        float_graph_of(_quantized(tmp_path / "q.onnx"))


def test_a_missing_package_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from qmcu.model.onnx import read_onnx

    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ToolError, match="needs the package onnx, which is not installed: `pip"):
        read_onnx(tmp_path / "m.onnx")


def _module() -> Any:
    torch = pytest.importorskip("torch", reason="torch is not installed (pip install qmcu[torch])")
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    torch.manual_seed(4)
    nn = torch.nn
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
                         nn.Linear(48, 3))  # fmt: skip


def test_a_module_in_memory_is_converted(tmp_path: Path) -> None:
    module = _module()
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    torch = sys.modules["torch"]
    rows = torch.randn(6, *SHAPE)
    output = tmp_path / "m.tflite"
    conversion = qmcu.convert(module, rows, output, example_inputs=(rows[:1],))
    assert count_moves(conversion.graph) == 0 and "torch.onnx" in conversion.converter
    assert read_model(output).input_tensors[0].shape == (1, 6, 5, 3)
    with pytest.raises(UsageError, match="give example_inputs"):
        qmcu.convert(module, rows, output)


def test_a_damaged_program_is_refused(tmp_path: Path) -> None:
    _module()
    path = tmp_path / "bad.pt2"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ModelError, match=r"bad\.pt2 is no file of torch\.export"):
        convert_file(path, None)


def test_a_constant_with_a_size_below_zero(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = _float(tmp_path / "m.onnx")
    model = onnx.load(path)
    weights = next(t for t in model.graph.initializer if len(t.dims) == 4)
    weights.dims[0] = -weights.dims[0]
    path.write_bytes(model.SerializeToString())
    with pytest.raises(
        ModelError, match=r"is no valid ONNX model: .* has the sizes \[-4, 3, 3, 3\]"
    ):
        load_net(path)


def test_places_of_64_bits_are_taken_as_the_32_of_the_result(tmp_path: Path) -> None:
    """An Embedding of PyTorch's: indices are int64 there, int32 in the .tflite."""
    pytest.importorskip("tensorflow")
    b = Builder((7,), dtype=7)
    rows = b.add("Gather", b.random(50, 8), "x")
    mean = b.add("ReduceMean", rows, axes=[1], keepdims=0)
    path = b.save(tmp_path / "m.onnx", b.add("MatMul", mean, b.random(8, 3)))
    words = np.random.default_rng(1).integers(0, 50, (12, 7))
    np.savez(tmp_path / "samples.npz", inputs=words)
    output = tmp_path / "m.tflite"
    assert run(["convert", str(path), "--calibration", str(tmp_path / "samples.npz"),
                "-o", str(output)]) == 0  # fmt: skip
    (tensor,) = read_model(output).input_tensors
    assert tensor.dtype == "int32" and tensor.shape == (1, 7)
