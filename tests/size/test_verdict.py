"""The verdict on files whose answer is known, through the command where a user would meet it."""

import json
import shlex
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.model_files import DATA, make, make_h5, make_keras, safetensors_bytes
from tests.support.small_models import dense
from tests.support.weights import rounded, weights

from qmcu.cli import run
from qmcu.model import write_model
from qmcu.size import judge, weigh
from qmcu.size.cause import Cause, Diagnosis
from qmcu.size.contents import Operators

Capture = pytest.CaptureFixture[str]


def verdict(path: Path, *, exact: bool = False) -> Diagnosis:
    return judge(weigh(path, exact=exact))


def save(path: Path, **arrays: np.ndarray) -> Path:
    path.write_bytes(safetensors_bytes({k.replace("_", "."): v for k, v in arrays.items()}))
    return path


def groups_of(size: int, bits: int, shape: tuple[int, int], *, symmetric: bool) -> np.ndarray:
    w = weights(shape[0] * shape[1] // size, size)
    return rounded(w, bits, "float16", symmetric=symmetric).reshape(shape).astype(np.float16)


def test_int4_levels_in_bytes_are_told_how_to_pack(tmp_path: Path) -> None:
    graph = dense(128, 64)
    levels = np.random.default_rng(0).integers(-7, 8, (64, 128)).astype(np.int8)
    tensors = (graph.tensors[0], replace(graph.tensors[1], data=levels.tobytes()))
    graph = replace(graph, tensors=(*tensors, *graph.tensors[2:]))
    whole, packed = tmp_path / "levels.tflite", tmp_path / "levels-int4.tflite"
    whole.write_bytes(write_model(graph))
    found = verdict(whole)
    assert found.main.word == "really int8"
    assert "8,192 bytes of them hold values of 4 bits" in found.main.reason
    words = shlex.split(found.main.next)
    assert words == ["qmcu", "convert", str(whole), "--weights", "int4", "-o", packed.name]
    assert run([*words[1:-1], str(packed)]) == 0
    found = verdict(packed)
    assert found.main.word == "really int4" and "qmcu build" in found.main.next


def test_the_seed_of_it_all(tmp_path: Path, capsys: Capture) -> None:
    """A transformer's weights on a 4-bit grid in groups of 128, saved as float16."""
    path = save(
        tmp_path / "fake.safetensors",
        q_weight=groups_of(128, 4, (256, 512), symmetric=False),
        k_weight=groups_of(128, 4, (512, 256), symmetric=False),
        norm_weight=np.ones(256, np.float16),
    )
    assert run(["size", str(path)]) == 0
    line = next(s for s in capsys.readouterr().out.splitlines() if s.startswith("verdict"))
    assert line == (
        "verdict: fake-quantized: stored as float16, but on a 4-bit grid in groups of 128: 3.8x "
        "larger than it need be (524,288 bytes could be 136,192)."
    )
    # 4 bits, and a group's share of a float16 scale and a 4-bit zero point.
    assert weigh(path).effective_bits == pytest.approx(4 + 20 / 128)
    assert "--w_bit 4 --q_group_size 128" in verdict(path).main.next


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    ("bits", "size", "symmetric"),
    [
        (4, 128, True),
        (3, 64, False),
        (8, 128, False),
        (4, 32, True),
        (8, 32, False),
        (4, 16, False),
    ],
)
def test_bits_and_group_size_come_back(
    tmp_path: Path, bits: int, size: int, symmetric: bool, exact: bool
) -> None:
    path = save(
        tmp_path / "x.safetensors", w=groups_of(size, bits, (256, 512), symmetric=symmetric)
    )
    (one,) = weigh(path, exact=exact).tensors
    assert one.levels is not None
    grid = one.levels.grid
    assert grid is not None
    assert (grid.bits, grid.group, grid.along) == (bits, size, "rows")
    assert (grid.symmetric, grid.channel, grid.uniform) == (symmetric, False, True)
    assert grid.share > 0.97
    parameters = 16 if symmetric else 16 + bits
    assert one.effective_bits == pytest.approx(bits + parameters / size)


@pytest.mark.parametrize("exact", [False, True])
def test_a_large_tensor_is_sampled_and_it_is_said(tmp_path: Path, exact: bool) -> None:
    w = groups_of(128, 4, (2048, 2048), symmetric=False)
    w = np.concatenate([w, w * np.float16(0.5)])
    report = weigh(save(tmp_path / "x.safetensors", w=w), exact=exact)
    assert (report.examined == 1) == exact
    assert judge(report).main.word == "fake-quantized"
    assert "in groups of 128:" in judge(report).main.reason


def test_channels_of_keras_and_of_torch(tmp_path: Path) -> None:
    w = rounded(weights(64, 300), 4, "float32", symmetric=True)
    for name, array, along in (("torch", w, "rows"), ("keras", w.T.copy(), "columns")):
        (one,) = weigh(save(tmp_path / f"{name}.safetensors", w=array)).tensors
        assert one.levels is not None
        grid = one.levels.grid
        assert grid is not None
        assert (grid.bits, grid.along, grid.channel, grid.group) == (4, along, True, 300)


def test_a_codebook_is_no_even_grid(tmp_path: Path) -> None:
    levels = np.sort(np.random.default_rng(1).normal(size=16)).astype(np.float32)
    picked = np.random.default_rng(0).integers(0, 16, (64, 256))
    scale = np.random.default_rng(2).uniform(0.5, 2, (64, 1)).astype(np.float32)
    (one,) = weigh(save(tmp_path / "x.safetensors", w=levels[picked] * scale)).tensors
    assert one.levels is not None
    assert str(one.levels.grid) == "4-bit codebook per channel"


def test_honest_weights_are_not_accused(tmp_path: Path) -> None:
    for dtype in (np.float32, np.float16):
        path = save(tmp_path / "x.safetensors", w=weights(256, 256).astype(dtype))
        found = verdict(path)
        assert (found.main.word, found.others) == (np.dtype(dtype).name, ())


def test_a_file_of_which_less_than_half_is_on_a_grid_is_not_called_quantized(
    tmp_path: Path,
) -> None:
    """As a weight attack leaves some: clipped to the same residuals here and there."""
    for share, wanted in ((0.45, "float32"), (0.7, "fake-quantized")):
        w = weights(1024, 16).astype(np.float32)
        count = int(share * len(w))
        w[:count] = rounded(weights(1024, 16)[:count], 4, "float32", symmetric=True)
        np.random.default_rng(0).shuffle(w)
        path = save(tmp_path / "x.safetensors", w=w.reshape(128, 128))
        assert verdict(path).main.word == wanted


def test_four_bits_in_int8_are_seen_and_eight_are_left_alone(tmp_path: Path) -> None:
    w = np.random.default_rng(0).integers(-8, 8, (64, 64)).astype(np.int8)
    (one,) = weigh(save(tmp_path / "x.safetensors", w=w)).tensors
    assert one.levels is not None
    assert str(one.levels.grid) == "4-bit grid for the whole tensor"
    w = np.random.default_rng(0).integers(-127, 128, (64, 64)).astype(np.int8)
    (one,) = weigh(save(tmp_path / "x.safetensors", w=w)).tensors
    assert one.levels is not None
    assert one.levels.grid is None


def test_half_precision_in_single(tmp_path: Path) -> None:
    path = save(tmp_path / "x.safetensors", w=weights(64, 64).astype("f2").astype("f4"))
    assert verdict(path).main.word == "float16 in float32"
    assert "2.0x larger" in verdict(path).main.reason


def test_a_grid_rounded_to_half_and_saved_in_single(tmp_path: Path) -> None:
    w = groups_of(128, 4, (128, 256), symmetric=False).astype(np.float32)
    found = verdict(save(tmp_path / "x.safetensors", w=w)).main
    assert found.word == "fake-quantized"
    assert "float32, but on a 4-bit grid in groups of 128: 7.7x larger" in found.reason


def test_integers_that_were_saved_as_floats(tmp_path: Path) -> None:
    w = np.random.default_rng(0).integers(-127, 128, (128, 256)).astype(np.float16)
    (one,) = weigh(save(tmp_path / "x.safetensors", w=w)).tensors
    assert one.levels is not None
    grid = one.levels.grid
    assert grid is not None
    assert (grid.bits, grid.along) == (8, "tensor")
    assert grid.steps == pytest.approx((1, 1))


def test_copies_are_found_and_near_copies_are_not(tmp_path: Path) -> None:
    w = weights(64, 64)
    other = w.copy()
    other[30, 30] += 1
    path = save(tmp_path / "x.safetensors", a_weight=w, b_weight=w, c_weight=other)
    report = weigh(path)
    assert [t.duplicate_of for t in report.tensors] == ["", "a.weight", ""]
    assert judge(report).others[0].word == "buffers duplicated"


def test_what_torch_saves_beside_the_weights() -> None:
    words = [f.word for f in verdict(DATA / "torch-checkpoint.pt").others]
    assert "optimizer state" in words
    assert verdict(DATA / "torch-quantized.pt").main.word == "unused storage"


def test_graph_and_container_dominate_a_tiny_model() -> None:
    found = verdict(DATA / "saved-model").main
    assert found.word == "graph dominates"
    assert "'saved_model.pb' with 10,729" in found.reason


def test_compression_of_a_grid_is_seen_through(tmp_path: Path) -> None:
    # Four levels for the whole tensor: deflate does what packing would.
    w = np.random.default_rng(0).integers(-2, 2, (256, 256)).astype(np.float32) * np.float32(0.01)
    np.savez_compressed(tmp_path / "x.npz", w=w)
    found = verdict(tmp_path / "x.npz").main
    assert found.word == "already compressed"
    assert "2-bit grid for the whole tensor" in found.reason
    np.savez_compressed(tmp_path / "y.npz", w=weights(64, 64))
    assert verdict(tmp_path / "y.npz").main.word == "float32"


def test_a_compressed_keras_archive(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["layers/dense/vars/0"] = np.zeros((64, 64), np.float32)
        file["layers/dense/vars/1"] = weights(64, 64)
    stored = verdict(make_keras(tmp_path / "a.keras", tmp_path / "w.h5"))
    packed = verdict(make_keras(tmp_path / "b.keras", tmp_path / "w.h5", zipfile.ZIP_DEFLATED))
    assert stored.main.word == "float32"
    assert packed.main.word == "already compressed"


def test_an_int8_model_is_really_int8(tmp_path: Path, shared_models: Path) -> None:
    assert verdict(make(tmp_path)["tflite"]).main.word == "graph dominates"
    for path in shared_models.glob("*.tflite"):
        found = verdict(path)
        words = [f.word for f in (found.main, *found.others)]
        # A small convolutional model has more bytes of scales and names than of weights.
        small = ["quantization parameters dominate"] if "kws" in path.name else []
        assert words == [*small, "really int8"]
        assert f"qmcu build {path}" in found.main.next


def test_packed_weights_count_their_integers(tmp_path: Path) -> None:
    path = save(
        tmp_path / "x.safetensors",
        l_qweight=np.random.default_rng(0).integers(-(2**31), 2**31, (64, 256)).astype(np.int32),
        l_qzeros=np.zeros((4, 32), np.int32),
        l_scales=np.ones((4, 256), np.float16),
    )
    report = weigh(path)
    assert (report.weight_count, report.stored_bits) == (64 * 8 * 256, 4)
    assert judge(report).main.word == "packed 4-bit"


def test_a_file_that_is_mostly_packed_is_headed_so(tmp_path: Path) -> None:
    """Embeddings in float16 may take more bytes than four times as many weights of four bits."""
    random = np.random.default_rng(0)
    found = verdict(save(
        tmp_path / "x.safetensors",
        embedding=random.normal(size=(300, 256)).astype(np.float16),
        l_qweight=random.integers(-(2**31), 2**31, (64, 256)).astype(np.int32),
        l_qzeros=np.zeros((4, 32), np.int32),
        l_scales=np.ones((4, 256), np.float16),
    ))  # fmt: skip
    (rest,) = found.others
    assert found.main.word == "packed 4-bit"
    assert found.main.reason.startswith("131,072 of 207,872 weights are really stored")
    assert rest.word == "float16"
    assert rest.concerns > found.main.concerns
    assert rest.reason.startswith("76,800 of 207,872 weights (36.9 %) are left in float16")


def test_a_dynamic_range_onnx_file_is_made_again_from_its_float_model(tmp_path: Path) -> None:
    report = weigh(make(tmp_path)["onnx"])
    integer = [replace(t, tensor=replace(t.tensor, dtype="int8")) for t in report.weights]
    operators = Operators({"MatMulInteger": 1}, float_kinds={"Mul": 1}, dynamic=True)
    dynamic = replace(report, tensors=tuple(integer), operators=operators)
    causes = judge(dynamic)
    (found,) = [c for c in (causes.main, *causes.others) if c.word == "dynamic-range only"]
    assert found.next.startswith("qmcu convert FLOAT.onnx --calibration")


def test_two_files_are_compared_on_disk_and_on_the_device(tmp_path: Path, capsys: Capture) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    h5 = make_h5(tmp_path / "x.h5")
    model = make(tmp_path)["tflite"]
    target = tmp_path / "out.json"
    arguments = ["size", str(h5), str(model), "--board", "stm32f746", "--json", str(target)]
    assert run([*arguments, "--html", str(tmp_path / "out.html")]) == 0
    before, after = json.loads(target.read_text())["files"]
    assert [m["where"] for m in before["measures"]] == ["disk", "host"]
    found = {(m["where"], m["what"]): m["bytes"] for m in after["measures"]}
    assert found["disk", "file"] == model.stat().st_size
    assert found["flash", "interpreter (TFLM)"] == model.stat().st_size + 27_536
    assert found["RAM", "interpreter (TFLM)"] > 908
    assert 0 < found["flash", "generated code: code"] < 20_000
    assert found["RAM", "generated code: arena"] >= 10
    how = {m["how"].split()[0] for m in after["measures"]}
    assert how == {"counted", "estimated:", "measured"}
    shown = capsys.readouterr().out
    assert "generated code: all" in shown
    assert "none" in shown


def test_the_main_finding_concerns_most_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever order findings come in: the largest leads, the others follow by size."""
    report = weigh(save(tmp_path / "x.safetensors", a_weight=np.zeros((64, 64), np.float32)))
    shares = {"least": 0.3, "most": 0.9, "middle": 0.5}
    causes = [Cause(word, "", "", int(share * report.size), 1) for word, share in shares.items()]
    monkeypatch.setattr("qmcu.size.verdict._causes", lambda report: iter(causes))
    diagnosis = judge(report)
    assert [c.word for c in (diagnosis.main, *diagnosis.others)] == ["most", "middle", "least"]
