"""The inner loops have as many instructions as docs/PERFORMANCE.md and docs/KERNELS.md say."""

import re
import subprocess
from pathlib import Path

import pytest

from qmcu.builder import find_tool
from qmcu.resources import kernel_directories

_LINE = re.compile(r"^\s*([0-9a-f]+):\t[0-9a-f ]+\t(\S+)[ \t]*([^;@\n]*)", re.MULTILINE)


@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
@pytest.mark.parametrize(
    ("name", "core", "instructions"),
    [
        ("multiply_four_dsp", "cortex-m4", 4 * 19 + 3),
        ("multiply_pair_dsp", "cortex-m4", 4 * 23 + 3),
        ("multiply_wide_dsp", "cortex-m4", 8 * 10 + 3),
        ("fully_connected_pair_dsp", "cortex-m4", 4 * 31 + 3),
        ("dot_4_pair_dsp", "cortex-m4", 2 * 31 + 3),
        ("batch_matmul_packed_dsp", "cortex-m4", 18),
        ("multiply_int4_dsp", "cortex-m4", 4 * 54 + 3),
        ("fully_connected_int4_dsp", "cortex-m4", 4 * 34 + 3),
        ("multiply_mve", "cortex-m55", 4 * 14 + 2),
        ("multiply_four_mve", "cortex-m55", 4 * 14 + 2),
        ("multiply_int4_mve", "cortex-m55", 4 * 16 + 2),
        ("pixels_scalar", "cortex-m0plus", 4 * 19 + 3),
        ("pixels_scalar", "cortex-m0plus", 8 * 14 + 2),
        ("pixels_scalar", "cortex-m3", 4 * 11 + 2),
        ("pixels_scalar", "cortex-m3", 11),
        ("pixels_scalar", "cortex-m3", 27),
        ("outputs_scalar", "cortex-m3", 8 * 9 + 2),
    ],
)
def test_the_inner_loop_has_the_stated_instructions(
    tmp_path: Path, name: str, core: str, instructions: int
) -> None:
    obj = tmp_path / "kernel.o"
    flags = ["-mthumb", f"-mcpu={core}", "-O2", "-c"]
    if core in ("cortex-m4", "cortex-m55"):
        flags.append("-mfloat-abi=hard")
    flags += [f"-I{folder}" for folder in kernel_directories()]
    if core == "cortex-m4":
        flags.append("-mfpu=fpv4-sp-d16")
    source = next(str(p) for f in kernel_directories() if (p := f / f"{name}.c").is_file())
    subprocess.run(["arm-none-eabi-gcc", *flags, source, "-o", str(obj)], check=True)
    listing = subprocess.run(
        ["arm-none-eabi-objdump", "-d", str(obj)], capture_output=True, text=True, check=True
    ).stdout
    assert instructions in loops(listing)


def loops(listing: str) -> list[int]:
    """The length of each run that ends in a conditional branch back to its begin."""
    rows = [(int(m[1], 16), m[2], m[3].split()) for m in _LINE.finditer(listing)]
    where = {address: i for i, (address, _, _) in enumerate(rows)}
    found = []
    for i, (address, mnemonic, operands) in enumerate(rows):
        if mnemonic.startswith(("bne", "bge", "bgt", "bhi")) and operands:
            begin = where.get(int(operands[0], 16), i)
            if rows[begin][0] < address:
                found.append(i - begin + 1)
    return found
