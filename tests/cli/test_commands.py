import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.support.firmware_project import build_chain, write_chain

from qmcu.cli import run

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def error_of(arguments: list[str], capsys: Capture, code: int = 2) -> str:
    """The one line on standard error of a command that must fail."""
    assert run(arguments) == code
    shown = capsys.readouterr().err
    assert shown.startswith("qmcu: ")
    assert "Traceback" not in shown
    return shown


def make_inputs(path: Path, rows: int = 5, width: int = 12) -> Path:
    rng = np.random.default_rng(0)
    inputs = rng.integers(-128, 128, (rows, width)).astype(np.int8)
    np.savez(path, inputs=inputs, labels=np.arange(rows) % 4)
    return path


def test_a_project_folder_needs_no_arguments(folder: Path, capsys: Capture) -> None:
    write_chain(folder)
    make_inputs(folder / "x.npz")
    assert run(["vectors", "make", "chain.tflite", "--inputs", "x.npz", "-o", "v.npz"]) == 0
    assert run(["init", "chain.tflite", "--board", "stm32f746", "--vectors", "v.npz"]) == 0
    assert run(["build"]) == 0
    capsys.readouterr()
    assert run(["test", "build/chain-stm32f746", "--jobs", "1"]) == 0
    shown = capsys.readouterr().out
    assert "5 of 5 outputs equal" in shown
    assert "v.npz" in shown
    assert "accuracy" in shown
    assert run(["build", "--board", "stm32f407"]) == 0
    assert (folder / "build/chain-stm32f407/firmware.elf").is_file()


def test_init_names_files_that_are_there(folder: Path, capsys: Capture) -> None:
    shown = error_of(["init", "none.tflite", "--board", "stm32f746"], capsys)
    assert "there is no file none.tflite" in shown and not (folder / "qmcu.toml").exists()
    (folder / "m.tflite").touch()
    arguments = ["init", "m.tflite", "--board", "stm32f746", "--vectors", "none.npz"]
    assert "there is no file none.npz" in error_of(arguments, capsys)


def test_init_does_not_overwrite(folder: Path, capsys: Capture) -> None:
    (folder / "qmcu.toml").write_text("mine")
    (folder / "m.tflite").touch()
    shown = error_of(["init", "m.tflite", "--board", "stm32f746"], capsys)
    assert "exists already; use --force" in shown
    assert (folder / "qmcu.toml").read_text() == "mine"
    assert run(["init", "m.tflite", "--board", "stm32f746", "--force"]) == 0
    assert 'board = "stm32f746"' in (folder / "qmcu.toml").read_text()


def test_test_writes_json_and_junit(folder: Path, capsys: Capture) -> None:
    directory = str(build_chain(folder))
    arguments = ["--random", "3", "--jobs", "1", "--trace", "--profile"]
    files = ["--json", "r.json", "--junit", "r.xml"]
    assert run(["test", directory, "--on", "unicorn", *arguments, *files]) == 0
    document = json.loads((folder / "r.json").read_text())
    assert (document["equal"], document["passed"], document["vectors"]) == (3, True, 3)
    assert 'tests="4"' in (folder / "r.xml").read_text()
    assert "l00_fully_connected" in capsys.readouterr().out


def test_differing_outputs_end_with_1(folder: Path, capsys: Capture) -> None:
    directory = build_chain(folder)
    make_inputs(folder / "x.npz")
    assert run(["vectors", "make", "chain.tflite", "--inputs", "x.npz", "-o", "v.npz"]) == 0
    with zipfile.ZipFile("v.npz") as archive:
        arrays = {name: archive.read(name) for name in archive.namelist()}
    # The last byte of the array is an expected output.
    data = arrays["expected_0.npy"]
    arrays["expected_0.npy"] = data[:-1] + bytes([data[-1] ^ 1])
    with zipfile.ZipFile("v.npz", "w") as archive:
        for name, content in arrays.items():
            archive.writestr(name, content)
    assert run(["test", str(directory), "--vectors", "v.npz", "--jobs", "1"]) == 1
    assert "4 of 5 outputs equal" in capsys.readouterr().out


def test_report_and_its_json(folder: Path, capsys: Capture) -> None:
    directory = build_chain(folder)
    assert run(["report", str(directory), "--json", "m.json"]) == 0
    assert "every byte once" in capsys.readouterr().out
    document = json.loads((folder / "m.json").read_text())
    image = (directory / "firmware.bin").stat().st_size
    flash = {r["name"] for r in document["regions"] if r["kind"] == "flash"}
    assert sum(e["size"] for e in document["entries"] if e["region"] in flash) == image


def test_inspect(folder: Path, capsys: Capture) -> None:
    write_chain(folder)
    assert run(["inspect", "chain.tflite", "--json", "i.json"]) == 0
    shown = capsys.readouterr().out
    assert "FULLY_CONNECTED" in shown
    assert "qmcu can compile this model" in shown
    assert json.loads((folder / "i.json").read_text())["macs"] == 12 * 8 + 8 * 4


def test_boards_and_doctor(capsys: Capture) -> None:
    assert run(["boards"]) == 0
    assert "STM32F746G-DISCO" in capsys.readouterr().out
    assert run(["boards", "--json"]) == 0
    boards = json.loads(capsys.readouterr().out)["boards"]
    assert "mps3-an547" in {board["name"] for board in boards}
    assert run(["doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert any(f["need"]["name"] == "arm-none-eabi-gcc" and f["found"] for f in findings)


def test_doctor_fails_without_a_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = error_of(["doctor"], capsys)
    assert "arm-none-eabi-gcc (apt-get install gcc-arm-none-eabi)" in shown


def test_bad_input_is_refused_in_one_sentence(folder: Path, capsys: Capture) -> None:
    model = write_chain(folder)
    (folder / "half.tflite").write_bytes(model.read_bytes()[:400])
    build = ["--board", "stm32f746"]
    assert "no MODEL given and there is no qmcu.toml" in error_of(["build"], capsys)
    assert "no board given" in error_of(["build", "chain.tflite"], capsys)
    shown = error_of(["build", "chain.tflite", "--board", "stm32f764"], capsys)
    assert "Did you mean stm32f746?" in shown
    assert "half.tflite" in error_of(["build", "half.tflite", *build], capsys)
    assert "none.tflite" in error_of(["build", "none.tflite", *build], capsys)
    assert "no firmware directory" in error_of(["report", "."], capsys)
    assert "no firmware directory" in error_of(["test", "."], capsys)
    assert {p.name for p in folder.iterdir()} == {"chain.tflite", "half.tflite"}


def test_bad_vectors_are_refused_in_one_sentence(folder: Path, capsys: Capture) -> None:
    directory = str(build_chain(folder))
    make_inputs(folder / "x.npz", width=11)
    make = ["vectors", "make", "chain.tflite", "--inputs", "x.npz", "-o", "v.npz"]
    shown = error_of(make, capsys)
    assert "12" in shown
    assert "11" in shown
    assert not (folder / "v.npz").exists()
    both = ["test", directory, "--vectors", "v.npz", "--random", "3"]
    assert "exclude each other" in error_of(both, capsys)
    assert "v.npz" in error_of(["test", directory, "--vectors", "v.npz"], capsys)
    assert "1 or more" in error_of(["test", directory, "--random", "0"], capsys)


def test_an_emulator_that_the_board_lacks(folder: Path, capsys: Capture) -> None:
    directory = str(build_chain(folder))
    assert "does not run on qemu" in error_of(["test", directory, "--on", "qemu"], capsys)


def test_convert_without_its_input(folder: Path, capsys: Capture) -> None:
    shown = error_of(["convert", "no.keras", "--calibration", "c.npz", "-o", "o.tflite"], capsys)
    assert "no.keras does not exist" in shown
