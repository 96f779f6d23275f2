"""Whole runs as a user starts them, each in a process of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain, write_residual

from qmcu.compile.serialization import load_plan

QMCU = (sys.executable, "-c", "from qmcu.cli import main; main()")


def qmcu(*arguments: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
    command = [*QMCU, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("model", "board", "target"),
    [
        ("mlperf_tiny_dscnn_kws_int8", "stm32f407", "unicorn"),
        ("mlperf_tiny_autoencoder_toycar_int8", "stm32f746", "unicorn"),
        ("mlperf_tiny_dscnn_kws_int8", "mps3-an547", "qemu"),
    ],
)
def test_a_model_of_mlperf_tiny(
    shared_models: Path, tmp_path: Path, model: str, board: str, target: str
) -> None:
    built = qmcu("build", shared_models / f"{model}.tflite", "--board", board, cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    directory = f"build/{model}-{board}"
    tested = qmcu("test", directory, "--on", target, "--random", "3", cwd=tmp_path)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "3 of 3 outputs equal" in tested.stdout


@pytest.mark.parametrize(
    ("board", "target", "kernels"),
    [
        ("stm32f746", "unicorn", "native"),
        ("mps2-an386", "qemu", "native"),
        ("mps2-an385", "qemu", "portable"),
        ("mps3-an547", "qemu", "native"),
    ],
)
def test_int4_weights(tmp_path: Path, board: str, target: str, kernels: str) -> None:
    if target == "qemu" and shutil.which("qemu-system-arm") is None:
        pytest.skip("qemu-system-arm is not installed")
    write_residual(tmp_path)
    packing = ("convert", "residual.tflite", "--weights", "int4", "-o", "packed.tflite")
    packed = qmcu(*packing, cwd=tmp_path)
    assert packed.returncode == 0, packed.stderr
    assert "824 weights of 3 of 3 layers in int4" in packed.stdout
    whole = ("--board", board, "--kernels", kernels)
    built = qmcu("build", "packed.tflite", *whole, "-o", "fw", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    plan = load_plan(tmp_path / "fw/plan.json")
    forms = [call.kernel for call in plan.calls if call.macs]
    assert len(forms) == 3 and all("_int4" in kernel for kernel in forms)
    instructions = "_mve" if board == "mps3-an547" else "_dsp"
    assert all((instructions in kernel) == (kernels == "native") for kernel in forms)
    tested = qmcu("test", "fw", "--on", target, "--random", "20", cwd=tmp_path)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "20 of 20 outputs equal" in tested.stdout


def test_ctrl_c_ends_with_130_and_one_line(tmp_path: Path) -> None:
    directory = build_chain(tmp_path)
    command = [*QMCU, "test", str(directory), "--random", "50000"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    time.sleep(2.0)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert (out, err) == ("", "qmcu: interrupted.\n")


def test_the_project_builds_on_its_own(tmp_path: Path) -> None:
    directory = build_chain(tmp_path)
    before = (directory / "firmware.bin").read_bytes()
    for command in (["make", "clean"], ["make"]):
        subprocess.run(command, cwd=directory, check=True, capture_output=True)
    assert (directory / "firmware.bin").read_bytes() == before


def test_the_project_builds_with_cmake(tmp_path: Path) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    directory = build_chain(tmp_path)
    for command in (["cmake", "-B", "out", "-G", "Unix Makefiles"], ["cmake", "--build", "out"]):
        subprocess.run(command, cwd=directory, check=True, capture_output=True)
    built = (directory / "out/firmware.bin").read_bytes()
    assert len(built) == (directory / "firmware.bin").stat().st_size
