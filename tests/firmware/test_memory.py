"""The runtime's memset and memcpy, on the cores' instruction sets, and what every image has."""

import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import unicorn
from tests.support.firmware_project import write_chain
from unicorn.arm_const import (
    UC_ARM_REG_LR,
    UC_ARM_REG_R0,
    UC_ARM_REG_R1,
    UC_ARM_REG_R2,
    UC_ARM_REG_R4,
    UC_ARM_REG_R5,
    UC_ARM_REG_SP,
    UC_CPU_ARM_CORTEX_M0,
    UC_CPU_ARM_CORTEX_M3,
    UC_CPU_ARM_CORTEX_M4,
)

from qmcu.board import load_board
from qmcu.builder import BuildOptions, Category, build_firmware
from qmcu.resources import firmware_directory

CORES = {
    "cortex-m0plus": UC_CPU_ARM_CORTEX_M0,
    "cortex-m3": UC_CPU_ARM_CORTEX_M3,
    "cortex-m4": UC_CPU_ARM_CORTEX_M4,
}
CODE, DATA, SOURCE, STACK, END = 0x8000, 0x20000, 0x20800, 0x1F000, 0x3F000
SIZES = [*range(40), 63, 64, 65, 100, 255, 256, 1000]


class Memory:
    """The two functions of a core, run on memory of the emulator's."""

    def __init__(self, core: str, folder: Path) -> None:
        program, code = folder / f"{core}.elf", folder / f"{core}.bin"
        source = firmware_directory() / "runtime/memory.c"
        subprocess.run(
            ["arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb", "-Os", "-nostdlib",
             f"-Wl,-Ttext={CODE:#x},-ememset", str(source), "-o", str(program)], check=True,
        )  # fmt: skip
        subprocess.run(
            ["arm-none-eabi-objcopy", "-O", "binary", str(program), str(code)], check=True
        )
        names = subprocess.run(
            ["arm-none-eabi-nm", str(program)], check=True, capture_output=True, text=True
        ).stdout.split("\n")
        self.places = {line.split()[2]: int(line.split()[0], 16) for line in names if line}
        engine: Any = unicorn
        mode = engine.UC_MODE_THUMB | engine.UC_MODE_MCLASS
        self.emulator = engine.Uc(engine.UC_ARCH_ARM, mode)
        self.emulator.ctl_set_cpu_model(CORES[core])
        self.emulator.mem_map(0, 0x40000)
        self.emulator.mem_write(CODE, code.read_bytes())

    def call(self, name: str, to: int, second: int, size: int, memory: bytes) -> bytes:
        """What `memory`, at DATA, is afterwards; registers that a function keeps are checked."""
        kept = (UC_ARM_REG_R4, UC_ARM_REG_R5)
        emulator = self.emulator
        emulator.mem_write(DATA, memory)
        for register, value in zip(
            (UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_SP, UC_ARM_REG_LR, *kept),
            (to, second, size, STACK, END | 1, 77, 78),
            strict=True,
        ):
            emulator.reg_write(register, value)
        emulator.emu_start(self.places[name] | 1, END)
        assert emulator.reg_read(UC_ARM_REG_R0) == to
        assert emulator.reg_read(UC_ARM_REG_SP) == STACK
        assert [emulator.reg_read(register) for register in kept] == [77, 78]
        return bytes(emulator.mem_read(DATA, len(memory)))


@pytest.fixture(scope="module", params=CORES)
def memory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Memory:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("no compiler for the cores (arm-none-eabi-gcc)")
    return Memory(str(request.param), tmp_path_factory.mktemp("memory"))


def test_memset_at_every_place_and_size(memory: Memory) -> None:
    rng = random.Random(2)
    before = rng.randbytes(2048)
    for size in SIZES:
        for at in range(8, 12):
            after = memory.call("memset", DATA + at, 0x1A5, size, before)
            assert after == before[:at] + b"\xa5" * size + before[at + size :]


def test_memcpy_between_any_places_and_of_every_size(memory: Memory) -> None:
    rng = random.Random(3)
    before = rng.randbytes(4096)
    start = SOURCE - DATA
    for size in SIZES:
        for at in range(8, 12):
            for source in range(start, start + 4):
                after = memory.call("memcpy", DATA + at, DATA + source, size, before)
                copied = before[source : source + size]
                assert after == before[:at] + copied + before[at + size :]


# What an image has before its model: startup, runtime, port, the hash of the image, memory
# functions. Ten more bytes want a reason; 8 to 12 give each layer's call its list of arguments, for
# 0.1 to 1.3 KB less of the model's code.
@pytest.mark.parametrize(
    ("board", "most"), [("stm32f407", 3870), ("mps3-an547", 3645), ("rpi-pico", 4500)]
)
def test_what_every_image_has_stays_small(board: str, most: int, tmp_path: Path) -> None:
    model = write_chain(tmp_path)
    report = build_firmware(
        model, load_board(board), tmp_path / "firmware", BuildOptions("portable")
    )
    own = (Category.STARTUP, Category.RUNTIME, Category.PORT, Category.LIBRARY, Category.PADDING)
    assert sum(report.total(category, "flash") for category in own) <= most
    assert report.total(Category.LIBRARY, "flash") <= (372 if board == "rpi-pico" else 0)
