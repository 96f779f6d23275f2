"""Damage of any kind of file: one sentence, exit code 2, quickly, in little memory."""

import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.support.hostile_files import check_refused
from tests.support.model_files import make, safetensors_bytes, with_header

from qmcu.cli import run
from qmcu.errors import ModelError
from qmcu.size import weigh

Capture = pytest.CaptureFixture[str]


def test_what_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"\x1c\0\0\0nope" + b"\0" * 100)
    check_refused(tmp_path / "x.tflite", "no TensorFlow Lite model .* 'nope'")
    (tmp_path / "x.txt").write_text("hello")
    check_refused(tmp_path / "x.txt", "of no kind")
    check_refused(tmp_path / "absent.onnx", "does not exist")
    (tmp_path / "x.pt").write_bytes(pickle.dumps({"w": 1}))
    check_refused(tmp_path / "x.pt", "bare pickle")
    (tmp_path / "x.onnx").write_bytes(b"\xff" * 50)
    check_refused(tmp_path / "x.onnx", "no ONNX model")
    (tmp_path / "x.keras").write_bytes(safetensors_bytes({}))
    check_refused(tmp_path / "x.keras", "damaged or truncated")


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
