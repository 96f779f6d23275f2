"""Real PlatformIO, offline: the image is make's, byte for byte, and passes `qmcu test`."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.firmware_project import write_chain, write_residual

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.builder.platformio import find_platformio
from qmcu.cli import run
from qmcu.errors import ToolError
from qmcu.firmware import Firmware

F746 = load_board("stm32f746")


@pytest.fixture(autouse=True)
def platformio() -> None:
    try:
        find_platformio()
    except ToolError as error:
        pytest.skip(str(error))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No network for what is started here: every proxy is a closed port; a home of its own."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(tmp_path / "core"))


def test_a_small_resnet_is_built_by_platformio_and_tested(
    tmp_path: Path, offline: None, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_residual(tmp_path)
    made, by_make = tmp_path / "by platformio", tmp_path / "by make"
    build = ["build", str(model), "--board", "stm32f746"]
    assert run([*build, "--builder", "platformio", "-o", str(made)]) == 0, capsys.readouterr().err
    assert run([*build, "-o", str(by_make)]) == 0
    for kind in ("bin", "hex"):
        name = f"firmware.{kind}"
        assert (made / name).read_bytes() == (by_make / name).read_bytes()
    assert Firmware.load(made).memory.tools["platformio"].startswith("platformio ")
    assert Firmware.load(made).memory.entries == Firmware.load(by_make).memory.entries
    assert not (made / ".pio").exists()
    assert not (made / "offline/packages").exists()
    capsys.readouterr()
    assert run(["test", str(made), "--random", "5", "--jobs", "1"]) == 0
    assert "5 of 5 outputs equal" in capsys.readouterr().out


def pio(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "platformio", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_exported_project_builds_as_its_ini_says(
    tmp_path: Path, offline: None, capsys: pytest.CaptureFixture[str]
) -> None:
    model, folder = write_residual(tmp_path), tmp_path / "project"
    options = ["--board", "nucleo-h743zi", "--kernels", "portable"]
    assert run(["export", str(model), *options, "--platformio", str(folder)]) == 0
    subprocess.run([sys.executable, "offline/prepare.py"], cwd=folder, check=True)
    result = pio(folder, "run", "--project-conf", "offline.ini")
    assert result.returncode == 0, result.stdout + result.stderr
    built = tmp_path / "built"
    assert run(["build", str(model), *options, "-o", str(built)]) == 0
    output = folder / ".pio/build/offline"
    assert (output / "firmware.bin").read_bytes() == (built / "firmware.bin").read_bytes()
    # The very ELF file that PlatformIO linked runs, and gives the oracle's bytes.
    shutil.copy(output / "firmware.elf", built / "firmware.elf")
    capsys.readouterr()
    assert run(["test", str(built), "--random", "3", "--jobs", "1"]) == 0
    assert "3 of 3 outputs equal" in capsys.readouterr().out
    # The online environment is what a user's `pio run` takes: PlatformIO reads the same ini.
    shown = pio(folder, "project", "config").stdout
    assert "env:nucleo_h743zi" in shown
    assert "platform = ststm32" in "\n".join(" ".join(x.split()) for x in shown.splitlines())
    assert "env:offline" not in shown


def test_the_users_settings_do_not_change_the_image(
    tmp_path: Path, offline: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, ours = write_chain(tmp_path), tmp_path / "ours"
    build_firmware(model, F746, ours)
    monkeypatch.setenv("PLATFORMIO_BUILD_FLAGS", "-DNONSENSE -O0")
    monkeypatch.setenv("PLATFORMIO_BUILD_DIR", str(tmp_path / "elsewhere"))
    folder = tmp_path / "made"
    build_firmware(model, F746, folder, BuildOptions(builder="platformio"))
    assert (folder / "firmware.bin").read_bytes() == (ours / "firmware.bin").read_bytes()
    assert not (tmp_path / "elsewhere").exists()


def test_a_compile_error_is_quoted(
    tmp_path: Path, offline: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qmcu.builder import firmware
    from qmcu.codegen.project import generate_image

    real: Callable[..., object] = generate_image

    def broken(models: object, board: object, folder: Path, *rest: object) -> object:
        files = real(models, board, folder, *rest)
        with (folder / "src/model.c").open("a") as stream:
            stream.write("int broken(void) { return nothing; }\n")
        return files

    monkeypatch.setattr(firmware, "generate_image", broken)
    with pytest.raises(ToolError, match=r"model\.c:\d+:\d+: error: .*nothing"):
        build_firmware(
            write_chain(tmp_path), F746, tmp_path / "x", BuildOptions(builder="platformio")
        )
    assert not (tmp_path / "x").exists()


def test_a_board_that_platformio_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_chain(tmp_path))
    folder = tmp_path / "x"
    assert run(["export", model, "--board", "mps2-an386", "--platformio", str(folder)]) == 2
    assert "mps2-an386 has no PlatformIO board" in capsys.readouterr().err
    assert not folder.exists()


def test_without_platformio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    def absent(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr("qmcu.builder.platformio.version", absent)
    with pytest.raises(ToolError, match=r"platformio and scons not installed.*`pip install"):
        build_firmware(
            write_chain(tmp_path), F746, tmp_path / "x", BuildOptions(builder="platformio")
        )
