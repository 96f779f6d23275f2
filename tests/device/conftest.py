"""The guest firmware of guest.c, and a firmware directory of a small model, built once."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain

from qmcu.device.image import Image, read_image

HERE = Path(__file__).parent
FLAGS = (
    *("-std=gnu11", "-mthumb", "-mfloat-abi=hard", "-Os", "-ffreestanding", "-nostdlib"),
    *("-fno-optimize-sibling-calls", "-Wall", "-Wextra", "-Werror"),
    *("-Wno-infinite-recursion", "-Wno-parentheses"),
)
BOARDS = {
    "stm32f746": ("cortex-m7", "fpv5-sp-d16", "USART1_F746", 0x0800_0000),
    "stm32f407": ("cortex-m4", "fpv4-sp-d16", "USART2_F407", 0x0800_0000),
    "mps2-an386": ("cortex-m4", "fpv4-sp-d16", "CMSDK", 0),
}


def build_guest(board: str, folder: Path) -> Path:
    compiler = shutil.which("arm-none-eabi-gcc")
    if compiler is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    cpu, fpu, macro, flash = BOARDS[board]
    elf = folder / f"{board}.elf"
    core = [f"-mcpu={cpu}", f"-mfpu={fpu}", f"-D{macro}"]
    link = [f"-Wl,--defsym=ORIGIN_OF_FLASH={flash}", "-T", str(HERE / "guest.ld")]
    sources = [str(HERE / "guest.c"), "-o", str(elf)]
    subprocess.run([compiler, *FLAGS, *core, *link, *sources], check=True)
    return elf


@pytest.fixture(scope="session")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Image]:
    """`guest(board)` is the image of guest.c for that board."""
    folder = tmp_path_factory.mktemp("guest")
    built: dict[str, Image] = {}

    def image(board: str) -> Image:
        if board not in built:
            built[board] = read_image(build_guest(board, folder))
        return built[board]

    return image


@pytest.fixture(scope="session")
def chain_directory(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`chain_directory(board)` is the firmware directory of the two-layer model."""
    built: dict[str, Path] = {}

    def directory(board: str) -> Path:
        if board not in built:
            built[board] = build_chain(tmp_path_factory.mktemp("chain"), board)
        return built[board]

    return directory
