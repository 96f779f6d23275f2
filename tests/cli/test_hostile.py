"""Files that mean harm or are none: one sentence, exit code 2, nothing raw on the terminal."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.support.firmware_project import build_chain, write_chain
from tests.support.places import SHARED

from qmcu.backdoor.inputs.triggers import Trigger
from qmcu.cli import run
from qmcu.conversion.keras_files import refuse_large_texts
from qmcu.errors import ModelError, VectorError

HOSTILE = SHARED / "hostile"


def sentence(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert run([str(a) for a in arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("qmcu: ")
    assert "internal error" not in error
    return error


def test_a_bomb_is_not_unpacked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bomb.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("inputs.npy", "w", force_zip64=True) as stream,
    ):
        for _ in range(100):
            stream.write(bytes(1 << 20))
    model = write_chain(tmp_path)
    text = sentence(capsys, "vectors", "make", model, "--inputs", path, "-o", tmp_path / "v.npz")
    assert "would unpack to 104,857,600" in text


def test_a_single_number_is_no_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "scalar.npz"
    np.savez(path, inputs=np.float32(1))
    model = write_chain(tmp_path)
    text = sentence(capsys, "vectors", "make", model, "--inputs", path, "-o", tmp_path / "v.npz")
    assert "inputs is a single number" in text


@pytest.mark.parametrize("command", ["inspect", "build", "size"])
def test_a_device_is_no_model(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--board", "stm32f746"] if command == "build" else []
    assert "/dev/zero" in sentence(capsys, command, "/dev/zero", *more)


def test_an_output_over_an_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_chain(tmp_path)
    before = model.read_bytes()
    for arguments in (
        ("convert", model, "--weights", "int4", "-o", model),
        ("convert", "m.keras", "--calibration", model, "-o", model),
        ("defend", "--auto", "--float", model, "--calibration", "c.npz", "-o", model),
        ("defend", "--auto", "--float", "m.keras", "--calibration", model, "-o", model),
        ("vectors", "make", model, "--inputs", "x.npz", "-o", model),
        ("inspect", model, "--json", model),
        ("vectors", "make", model, "--inputs", model, "-o", tmp_path / "." / model.name),
    ):
        assert "would replace the input" in sentence(capsys, *arguments)
    assert model.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "{model}", "--board", "stm32f746", "--tuning", "/dev/zero"),
        ("build", "{model}", "--board", "stm32f746", "--monitor", "/dev/zero"),
        ("trigger", "show", "/dev/zero"),
    ],
)
def test_a_device_is_no_document(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [a.replace("{model}", str(write_chain(tmp_path))) for a in arguments]
    assert "it is a device or a pipe, a file is needed; `qmcu " in sentence(capsys, *given)


@pytest.mark.parametrize(
    ("head", "words"),
    [(b"[" * 100_000, "is no vector file"), (b'{"steps": 1e400}', "is no vector file")],
)
def test_a_vector_file_s_head(
    head: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "v.npz"
    np.savez(path, qmcu=np.frombuffer(head, np.uint8))
    assert words in sentence(capsys, "test", build_chain(tmp_path), "--vectors", path)


@pytest.mark.parametrize(
    ("shape", "target", "words"),
    [((0, 2, 1), 0, "its mask [0, 2, 1] has no values"), ((2, 2, 1), 1 << 70, "no class that a")],
)
def test_a_trigger_of_nothing(
    shape: tuple[int, ...], target: int, words: str, tmp_path: Path
) -> None:
    ones = np.ones(shape, np.float32)
    with pytest.raises(VectorError, match=re.escape(words)):
        Trigger("n", "patch", ones, ones, target, 0.0, 1.0)


def test_an_arena_that_no_core_addresses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = build_chain(tmp_path)
    plan = directory / "plan.json"
    right = re.search(r'"arena_size": [^,]+', plan.read_text())
    assert right is not None
    before = plan.read_text()
    for size, words in ((1 << 62, "which no core addresses"), ('"\\ud800"', "JSON is malformed")):
        plan.write_text(before.replace(right[0], f'"arena_size": {size}'))
        assert words in sentence(capsys, "test", directory)


def test_a_keras_file_of_spaces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", b"")
        with archive.open("config.json", "w") as stream:
            for _ in range(65):
                stream.write(b" " * (1 << 20))
    with pytest.raises(ModelError, match=r"config\.json would unpack to 68,157,440 bytes"):
        refuse_large_texts(path)
    # Not the scratch file that the weights are unpacked to.
    assert f"{path}: its model.weights.h5 is empty" in sentence(capsys, "size", path)


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the hostile files are not beside the checkout")
@pytest.mark.parametrize("name", ["hostile_7.tflite", "hostile_custom.tflite"])
def test_names_do_not_reach_the_terminal_raw(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["inspect"], ["build", "--board", "stm32f746"], ["size", "--tensors"]):
        run([*arguments, str(HOSTILE / name)])
        out, err = capsys.readouterr()
        assert "internal error" not in err
        text = out + err
        assert all(c.isprintable() or c == "\n" for c in text)
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the hostile files are not beside the checkout")
def test_models_that_the_interpreter_dies_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "x.npz", inputs=np.zeros((1, 12), np.int8))
    for path in sorted(HOSTILE.glob("*.tflite")):
        for arguments in (
            ["inspect", path],
            ["vectors", "make", path, "--inputs", tmp_path / "x.npz", "-o", tmp_path / "v.npz"],
            ["audit", "--int8", path],
        ):
            assert run([str(a) for a in arguments]) in (0, 1, 2)
            assert "internal error" not in capsys.readouterr().err


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the hostile files are not beside the checkout")
def test_a_damaged_elf_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = build_chain(tmp_path)
    shutil.copy(HOSTILE / "elf_AttributeError.elf", directory / "firmware.elf")
    for command in ("report", "test", "flash"):
        more = ["--dry-run"] if command == "flash" else []
        assert "firmware.elf" in sentence(capsys, command, directory, *more)


def test_a_name_that_is_no_utf8_and_a_plain_locale(tmp_path: Path) -> None:
    model = os.fsencode(tmp_path / "x") + b"\xe9.tflite"
    for locale in ("C", "C.UTF-8"):
        done = subprocess.run(
            [sys.executable, "-m", "qmcu", "inspect", model],
            env={**os.environ, "LC_ALL": locale}, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr.count(b"\n") == 1
        assert rb"x\xe9.tflite cannot be read" in done.stderr


def test_every_board_in_ascii() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qmcu", "boards"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_what_needs_no_tensorflow_is_told_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake in a name, a file or an output is told before TensorFlow is loaded."""
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    data = tmp_path / "data.npz"
    np.savez(data, inputs=np.zeros((20, 12), np.float32), labels=np.zeros(20, np.int64))
    text, taken = tmp_path / "model.txt", tmp_path / "taken"
    text.write_text("no model")
    taken.write_text("somebody's")
    climbing, deep, short = (tmp_path / name for name in ("c.keras", "d.keras", "s.h5"))
    for path, config, name in (
        (climbing, b"{}", "../../config.json"), (deep, b"[" * 100_000, "config.json"),
    ):  # fmt: skip
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", "{}")
            archive.writestr(name, config)
    short.write_bytes(b"\x89HDF\r\n\x1a\n")
    out = str(tmp_path / "out")
    for arguments, told in (
        (["audit", "--float", text], "is neither a Keras file"),
        (["audit", "--float", climbing], "names ../../config.json, outside of it"),
        (["audit", "--float", deep], "its config.json is nested too deeply"),
        (["audit", "--float", short], "it is cut off"),
        (["audit", "--float", tmp_path], "without saved_model.pb"),
        (["audit", "--float", "/dev/zero"], "a device or a pipe"),
        (["audit", "--float", deep, "--json", taken / "x.json"], "taken is no folder"),
        (["convert", deep, "--calibration", data, "-o", out], "nested too deeply"),
        (["convert", text, "--calibration", data, "-o", out], "is neither a Keras file"),
        (["defend", "dithered", "--float", deep, "--calibration", data, "-o", out], "too deeply"),
        (
            ["frontier", deep, "--data", data, "--board", "rp2350", "-o", taken],
            "taken is no folder",
        ),
        (["attack", "lattice", "--arch", "none", "-o", out], "there is no architecture 'none'"),
        (["attack", "lattice", "--arch", deep, "-o", out], "nested too deeply"),
        (["attack", "lattice", "-o", taken], "is a file; give a directory"),
        (["attack", "lattice", "--target", "99", "-o", out], "class 99, and digits has 10"),
    ):
        assert run(list(map(str, arguments))) == 2, arguments
        assert told in capsys.readouterr().err, arguments


def test_a_link_to_itself_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loop, model = tmp_path / "loop", write_chain(tmp_path)
    loop.symlink_to(loop)
    inputs = tmp_path / "in.npz"
    np.savez(inputs, inputs=np.zeros((3, 12), np.int8))
    assert run(["vectors", "make", str(model), "--inputs", str(inputs), "-o", str(loop)]) == 2
    assert "is a link that leads to itself" in capsys.readouterr().err
