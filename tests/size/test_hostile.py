"""Hostile and damaged files: one sentence, exit code 2, quickly, in little memory."""

import io
import pickle
import shutil
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.size.files import DATA, make, make_h5, make_keras, safetensors_bytes, with_header

from qmcu.cli import run
from qmcu.errors import ModelError
from qmcu.size import weigh
from qmcu.size.contents import Role
from qmcu.size.readers.pickle_data import read_pickle

Capture = pytest.CaptureFixture[str]
MEMORY = 64 << 20
W = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


def refused(path: Path, message: str) -> None:
    started = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=message) as caught:
            weigh(path)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    assert time.monotonic() - started < 30
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "file is empty"),
        (b"12345", "at least 9 bytes"),
        ((1 << 62).to_bytes(8, "little") + b"{}", "said to have 4,611,686,018,427,387,904 bytes"),
        (with_header(b"nonsense", b""), "no JSON"),
        (with_header(b"[" * 100_000, b""), "no JSON"),
        (with_header([], b""), "no JSON object"),
        (with_header(b'{"a": {}, "a": {}}', b""), "occurs twice"),
        (with_header({"w": {**W, "data_offsets": [0, 1 << 60]}}, b"\0" * 16), "it is truncated"),
        (with_header({"w": {**W, "data_offsets": [16, 0]}}, b"\0" * 16), "before it begins"),
        (with_header({"w": {**W, "data_offsets": [-16, 0]}}, b"\0" * 16), "two sizes"),
        (
            with_header({"w": {**W, "shape": [1 << 40, 1 << 40]}}, b"\0" * 16),
            "does not take the 16",
        ),
        (with_header({"w": {**W, "shape": [2, True]}}, b"\0" * 16), "no shape of sizes"),
        (with_header({"w": {**W, "shape": [1] * 99}}, b"\0" * 16), "no shape of sizes"),
        (with_header({"w": {**W, "dtype": "F99"}}, b"\0" * 16), "unknown dtype 'F99'"),
        (with_header({"w": W, "v": {**W, "data_offsets": [8, 24]}}, b"\0" * 24), "inside the one"),
        (with_header({"w": 3}, b""), "no data_offsets"),
    ],
)
def test_safetensors(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    refused(path, message)


def test_a_hole_is_padding_and_said(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(with_header({"w": {**W, "data_offsets": [8, 24]}}, bytes(range(24)) + b"rest"))
    report = weigh(path)
    assert report.roles[Role.PADDING] == 12
    assert "12 bytes belong to no tensor" in report.notes[0]


def checkpoint(path: Path, content: bytes, storages: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", content)
        for name, data in (storages or {}).items():
            archive.writestr(f"m/data/{name}", data)
    return path


class Evil:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("/tmp/qmcu-was-here"),)


@pytest.mark.parametrize("protocol", range(6))
def test_code_in_a_pickle_is_named_and_not_run(tmp_path: Path, protocol: int) -> None:
    content = pickle.dumps({"w": Evil()}, protocol)
    refused(checkpoint(tmp_path / "x.pt", content), "qmcu never runs code from a checkpoint")
    assert not Path("/tmp/qmcu-was-here").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "wants to use os.system"),
        (b"\x80\x02cbuiltins\neval\n.", "wants to use builtins.eval"),
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93.", "wants to use posix.system"),
        # A table of two thousand million entries for one number.
        (b"\x80\x02K\x01r\xff\xff\xff\x7f.", "far larger than itself"),
        (b"\x80\x02X\xff\xff\xff\x7fabc.", "damaged"),
        (b"\x80\x02(((((.", "damaged"),
        (b"(i__main__\nEvil\n.", "uses INST"),
        (b"\x80\x02K\x01Q.", "damaged"),
        (b"", "damaged"),
    ],
)
def test_pickles(tmp_path: Path, content: bytes, message: str) -> None:
    refused(checkpoint(tmp_path / "x.pt", content), message)


def test_copies_of_copies_do_not_fill_the_memory(tmp_path: Path) -> None:
    numbers = pickle.dumps(list(range(100_000)), 2)[:-1]
    again = b"ctorch\nSize\nq\xf0" + numbers + b"q\xf1" + b"h\xf0h\xf1\x85R" * 20_000 + b"."
    refused(checkpoint(tmp_path / "x.pt", again), "over 64 extents")


def test_a_list_in_itself_ends(tmp_path: Path) -> None:
    inside: list[Any] = []
    inside.append(inside)
    inside.append(inside)
    refused(checkpoint(tmp_path / "x.pt", pickle.dumps(inside, 2)), "nested without end")


def tensor_pickle(shape: str = "K\x02K\x02", stride: str = "K\x02K\x01", count: int = 4) -> bytes:
    """A checkpoint {"w": tensor} with storage 0, as torch writes it."""
    return (
        b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage"
        b"ctorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK" + bytes([count]) + b"tQK\0("
        + shape.encode("latin1") + b"t(" + stride.encode("latin1") + b"t\x89}tRs."
    )  # fmt: skip


def test_a_tensor_beyond_its_storage(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "good.pt", tensor_pickle(), {"0": b"\0" * 16})
    assert [t.tensor.shape for t in weigh(path).tensors] == [(2, 2)]
    path = checkpoint(tmp_path / "a.pt", tensor_pickle("K\x09K\x02"), {"0": b"\0" * 16})
    refused(path, "ends at byte 72 of its storage, which has 16")
    path = checkpoint(tmp_path / "b.pt", tensor_pickle(), {"1": b"\0" * 16})
    refused(path, "lies in data/0, which the archive does not hold")
    path = checkpoint(tmp_path / "c.pt", tensor_pickle(stride="K\x02"), {"0": b"\0" * 16})
    refused(path, "2 extents and 1 strides")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torch-module.pt", "torch.nn.modules.container.Sequential, which is code"),
        ("torch-legacy.pt", "before version 1.6"),
        ("torch-script.pt", "TorchScript program"),
    ],
)
def test_what_torch_writes_beside_weights(name: str, message: str) -> None:
    refused(DATA / name, message)


def npy(header: str, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header.encode() + data


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"), "never read"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627775,)}"), "not take"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"), "damaged header"),
        (npy("__import__('os').system('true')"), "damaged header"),
        (npy("(" * 9000), "damaged header"),
        (b"\x93NUMPY\x02\0\xff\xff\xff\x7f", "header of 2,147,483,647 bytes"),
        (b"nonsense", "damaged"),
    ],
)
def test_npz(tmp_path: Path, content: bytes, message: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("w.npy", content)
    refused(tmp_path / "x.npz", message)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    header = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (72351744,)}")
    path = tmp_path / "x.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("w.npy", "w", force_zip64=True) as stream,
    ):
        stream.write(header)
        for _ in range(276):
            stream.write(bytes(1 << 20))
    tracemalloc.start()
    report = weigh(path)
    assert tracemalloc.get_traced_memory()[1] < MEMORY
    tracemalloc.stop()
    assert report.size < 2 << 20
    assert report.tensors[0].tensor.note.startswith("not looked at")
    # The same bytes, said to unpack to a thousand times more.
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (0xF0000000).to_bytes(4, "little")
    content[at + 20 : at + 24] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    refused(path, "more than is possible|damaged")


def test_overlapping_members_are_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, a=np.arange(4000.0), b=np.arange(4000.0))
    content = bytearray(path.read_bytes())
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    path.write_bytes(content)
    refused(path, "damaged|overlap|two sizes|names")


def test_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    path = make_h5(tmp_path / "x.h5")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    refused(path, "damaged or truncated")
    path.write_bytes(content[:100])
    refused(path, "damaged or truncated")
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["w"] = h5py.ExternalLink("/etc/passwd", "/x")
        file["loop"] = h5py.SoftLink("/")
    assert weigh(tmp_path / "link.h5").tensors == ()
    with h5py.File(tmp_path / "outside.h5", "w") as file:
        file.create_dataset("w", (4,), "f4", external=[("/etc/passwd", 0, 16)])
    refused(tmp_path / "outside.h5", "lies in other files")
    with h5py.File(tmp_path / "vast.h5", "w") as file:
        file.create_dataset("w", (1 << 40, 1 << 10), "f4", chunks=(1 << 10, 1 << 10))
    refused(tmp_path / "vast.h5", "has the shape")


def test_without_h5py_its_name_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    path = make_h5(tmp_path / "x.h5")
    listing = tmp_path / "listing.py"
    listing.write_text('print(\'{"missing": "h5py"}\')')
    monkeypatch.setattr("qmcu.size.readers.hdf5._LISTING", listing)
    assert run(["size", str(path)]) == 2
    assert "needs h5py: `pip install qmcu[size]`" in capsys.readouterr().err


def test_a_crash_of_the_hdf5_library_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    path = make_h5(tmp_path / "x.h5")
    listing = tmp_path / "listing.py"
    listing.write_text("import os; os.abort()")
    monkeypatch.setattr("qmcu.size.readers.hdf5._LISTING", listing)
    refused(path, "library crashed on it")


def test_onnx_external_data_stays_in_its_folder(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    tensor = onnx.helper.make_tensor("w", 1, [4], np.zeros(4, np.float32).tobytes(), raw=True)
    graph = onnx.helper.make_graph([], "g", [], [], [tensor])
    model = onnx.helper.make_model(graph)
    onnx.external_data_helper.set_external_data(tensor, "../../../etc/passwd")
    del model.graph.initializer[:]
    tensor.ClearField("raw_data")
    tensor.data_location = 1
    model.graph.initializer.append(tensor)
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString())
    refused(path, "outside the model's folder")


def test_saved_model(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(DATA / "saved-model", folder)
    data = folder / "variables" / "variables.data-00000-of-00001"
    content = data.read_bytes()
    data.write_bytes(content[:50])
    refused(folder, "which has 50")
    data.write_bytes(content)
    index = folder / "variables" / "variables.index"
    for cut in (0, 10, 60, 200):
        index.write_bytes((DATA / "saved-model/variables/variables.index").read_bytes()[cut:])
        if cut:
            with pytest.raises(ModelError):
                weigh(folder)
    (folder / "saved_model.pb").unlink()
    refused(folder, "holds no saved_model.pb")


def test_what_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"\x1c\0\0\0nope" + b"\0" * 100)
    refused(tmp_path / "x.tflite", "no TensorFlow Lite model .* 'nope'")
    (tmp_path / "x.txt").write_text("hello")
    refused(tmp_path / "x.txt", "of no kind")
    refused(tmp_path / "absent.onnx", "does not exist")
    (tmp_path / "x.pt").write_bytes(pickle.dumps({"w": 1}))
    refused(tmp_path / "x.pt", "bare pickle")
    (tmp_path / "x.onnx").write_bytes(b"\xff" * 50)
    refused(tmp_path / "x.onnx", "no ONNX model")
    (tmp_path / "x.keras").write_bytes(safetensors_bytes({}))
    refused(tmp_path / "x.keras", "damaged or truncated")


def test_every_truncation_is_a_sentence(tmp_path: Path) -> None:
    for kind, path in make(tmp_path).items():
        content = path.read_bytes()
        for length in range(0, len(content) - 1, max(1, len(content) // 60)):
            path.write_bytes(content[:length])
            try:
                weigh(path)
            except ModelError as error:
                assert str(path) in str(error), (kind, length)


@pytest.mark.parametrize("kind", ["safetensors", "npz", "packed npz", "tflite", "onnx", "torch"])
def test_damage_anywhere_is_a_sentence(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path)[kind]
    content = path.read_bytes()

    @settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.integers(0, len(content) - 1), st.binary(min_size=1, max_size=8)),
                    min_size=1, max_size=4))  # fmt: skip
    @example([(0, b"\xff" * 8)])
    def check(damage: list[tuple[int, bytes]]) -> None:
        changed = bytearray(content)
        for at, what in damage:
            changed[at : at + len(what)] = what
        path.write_bytes(changed)
        try:
            report = weigh(path)
        except ModelError as error:
            assert "\n" not in str(error)
        else:
            assert sum(report.roles.values()) == report.size

    check()


def test_damaged_hdf5_is_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    h5 = make_h5(tmp_path / "x.h5")
    path = make_keras(tmp_path / "x.keras", h5)
    rng = np.random.default_rng(0)
    for source in (h5, path):
        content = source.read_bytes()
        for _ in range(4):
            changed = bytearray(content)
            for at in rng.integers(0, len(content), 40):
                changed[at] = int(rng.integers(0, 256))
            source.write_bytes(changed)
            try:
                report = weigh(source)
            except ModelError:
                continue
            assert sum(report.roles.values()) == report.size


def test_any_bytes_as_a_pickle() -> None:
    @settings(deadline=None, max_examples=200)
    @given(st.binary(max_size=200))
    def check(content: bytes) -> None:
        try:
            read_pickle(Path("x"), b"\x80\x02" + content + b".")
        except ModelError:
            return

    check()


def test_the_command_says_it_in_one_line(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"\xff" * 100)
    assert run(["size", str(path)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert io.StringIO(shown.err).read().startswith(f"qmcu: {path}: its header is said to have")


def test_a_large_file_of_equal_tensors_is_not_held_in_memory(tmp_path: Path) -> None:
    """400 tensors of a megabyte, all the same: sampled, then compared byte by byte."""
    rows, columns, count = 512, 1024, 400
    size = 2 * rows * columns
    header = {
        f"layer.{i}.weight": {
            "dtype": "F16", "shape": [rows, columns], "data_offsets": [i * size, (i + 1) * size],
        }
        for i in range(count)
    }  # fmt: skip
    path = tmp_path / "equal.safetensors"
    one = np.random.default_rng(0).normal(size=(rows, columns)).astype(np.float16).tobytes()
    with path.open("wb") as stream:
        stream.write(with_header(header, b""))
        for _ in range(count):
            stream.write(one)
    program = (
        "import sys, re; from pathlib import Path; from qmcu.size import weigh;"
        "r = weigh(Path(sys.argv[1])); print(int(r.roles['duplicates']),"
        "re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    duplicates, peak = map(int, done.stdout.split())
    assert duplicates == (count - 1) * size
    assert peak * 1024 < path.stat().st_size / 2
