"""How kernels are compiled: options by core, the library's own, kernels that say otherwise."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.codegen.compiler_flags import fast_flags
from qmcu.resources import firmware_directory

KERNELS = firmware_directory() / "kernels"
COMPILER = shutil.which("arm-none-eabi-gcc")


@pytest.mark.parametrize(
    ("board", "more"),
    [
        ("stm32f407", {"-fno-tree-scev-cprop"}),
        ("mps2-an385", {"-fno-tree-scev-cprop", "-fno-tree-dominator-opts"}),
        ("rpi-pico", {"-fno-thread-jumps", "-fno-tree-dominator-opts"}),
        (
            "mps3-an547",
            {
                "-fno-tree-scev-cprop",
                "-fno-thread-jumps",
                "-fno-tree-dominator-opts",
                "-fno-ivopts",
            },
        ),
    ],
)
def test_options_by_core(board: str, more: set[str]) -> None:
    flags = fast_flags(load_board(board).core)
    assert flags[:2] == ("-O2", "-fira-region=one")
    assert set(flags[2:]) == more
    smaller = {"-fno-tree-ch", "-fno-move-loop-invariants"}
    assert set(fast_flags(load_board(board).core, "size")) == {*flags, *smaller}
    in_plain_c = set(fast_flags(load_board(board).core, kernels="portable"))
    assert in_plain_c == {*flags} - {"-fno-tree-scev-cprop"}


def test_both_build_systems_take_them(tmp_path: Path) -> None:
    directory = build_chain(tmp_path)
    core = load_board("stm32f746").core
    flags = fast_flags(core, kernels="portable")
    assert f"FAST = {' '.join(flags)}\n" in (directory / "Makefile").read_text()
    assert f'COMPILE_OPTIONS "{";".join(flags)}"' in (directory / "CMakeLists.txt").read_text()
    small = tmp_path / "small"
    options = BuildOptions("portable", "size")
    build_firmware(tmp_path / "chain.tflite", load_board("stm32f746"), small, options)
    # The smallest image is taken, whichever options it has.
    either = [fast_flags(core, setting, "portable") for setting in ("size", "speed")]
    makefile, cmake = ((small / name).read_text() for name in ("Makefile", "CMakeLists.txt"))
    (taken,) = (flags for flags in either if f"FAST = {' '.join(flags)}\n" in makefile)
    assert f'COMPILE_OPTIONS "{";".join(taken)}"' in cmake


def test_kernels_ask_for_options_before_anything_else() -> None:
    asking = [
        path
        for path in KERNELS.rglob("*.c")
        if re.search(r'#include "(regions|small)\.h"', path.read_text())
    ]
    assert len(asking) > 5
    for path in asking:
        first = re.search(r'#include "([\w.]+)"', path.read_text())
        assert first is not None and first.group(1) in ("regions.h", "small.h"), path.name


@pytest.mark.skipif(COMPILER is None, reason="arm-none-eabi-gcc is not here")
def test_a_kernel_has_the_regions_that_it_asks_for(tmp_path: Path) -> None:
    assert COMPILER is not None
    core = load_board("stm32f407").core
    source = KERNELS / "dsp" / "svdf_s16_dsp.c"
    plain = tmp_path / "plain.c"
    plain.write_text(source.read_text().replace('#include "regions.h"\n', ""))

    def code(path: Path, *flags: str) -> str:
        folders = [f"-I{KERNELS / name}" for name in ("dsp", "portable")]
        own = [*core.flags, "-std=c11", "-ffp-contract=off", *folders, *flags]
        command = [COMPILER, *own, "-S", str(path), "-o", "-"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return "\n".join(line for line in text.splitlines() if not line.startswith("\t."))

    flags = fast_flags(core)
    others = [flag for flag in flags if flag != "-fira-region=one"]
    assert code(source, *flags) == code(plain, *others) != code(plain, *flags)
