"""Images of two checkouts: equal but for the build id, or the symbols that changed."""

from dataclasses import replace
from pathlib import Path

import pytest
from bench.images.__main__ import build, jobs
from bench.images.compare import Built, Symbol, differences
from tests.support.small_models import dense

from qmcu.builder import find_tool
from qmcu.model.writer import write_model

REPOSITORY = Path(__file__).resolve().parents[2]
MAIN = Symbol(0x08000101, 4, b"main")
BUILT = Built(b"content", {("main", 0): MAIN, ("table", 0): Symbol(0x08000200, 2, b"ab")})


def test_equal_images_have_no_difference() -> None:
    assert differences(BUILT, replace(BUILT)) == []
    refused = Built(b"", {}, "error: too large")
    assert differences(refused, replace(refused)) == []
    (line,) = differences(BUILT, refused)
    assert line == "refused before: no; after: error: too large"


def test_differences_name_the_symbols() -> None:
    changed = Built(b"contents!", {
        ("main", 0): replace(MAIN, size=6, content=b"main()"),
        ("table", 0): replace(BUILT.symbols["table", 0], address=0x08000204),
        ("more", 0): MAIN,
    })  # fmt: skip
    assert differences(BUILT, changed) == [
        "firmware.bin: 7 bytes before, 9 after", "new: more (4)", "other size: main 4 to 6",
        "at another address: 1",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_a_checkout_builds_what_it_built_and_refuses_the_rest(tmp_path: Path) -> None:
    model = tmp_path / "add.tflite"
    model.write_bytes(write_model(dense()))
    native, portable = jobs([model], ["stm32f746"], ["native", "portable"])[::4]
    missing = replace(native, board="no-board")
    first, second, other, refused = build(REPOSITORY, [native, native, portable, missing])
    assert differences(first, second) == []
    assert first.digest == second.digest
    assert "no board" in refused.refused
    assert ("main", 0) in first.symbols and other.image
