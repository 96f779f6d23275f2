"""The block that the RP2350's boot ROM looks for, written out from its datasheet."""

import struct

import pytest

from qmcu.board.image_definition import SEARCHED, definition_problem

# Datasheet 5.9.5.1, the smallest definition of an Arm image.
SMALLEST = (0xFFFFDED3, 0x10210142, 0x000001FF, 0x00000000, 0xAB123579)
# With an item of two words, a vector table's address, before the image type.
LONGER = (0xFFFFDED3, 0x00000203, 0x10000000, 0x10210142, 0x000003FF, 0, 0xAB123579)


def image(words: tuple[int, ...], at: int = 64, size: int = 8192) -> bytes:
    block = struct.pack(f"<{len(words)}I", *words)
    return (bytes(at) + block).ljust(size, b"\0")


@pytest.mark.parametrize("words", [SMALLEST, LONGER])
def test_a_definition_may_lie_anywhere_in_the_first_4_kib(words: tuple[int, ...]) -> None:
    for at in (0, 64, SEARCHED - 4 * len(words)):
        assert definition_problem(image(words, at)) == ""
    assert "hold no block" in definition_problem(image(words, SEARCHED))


@pytest.mark.parametrize(
    ("index", "value", "words"),
    [
        (0, 0xFFFFDED2, "hold no block of an image definition"),
        (1, 0x11010142, "its image type is 0x1101, 0x1021"),
        (1, 0x10210144, "its image type is none, 0x1021"),
        (2, 0x000002FF, "does not end as it says"),
        (3, 0x00000010, "does not end as it says"),
        (4, 0xAB123578, "does not end as it says"),
    ],
)
def test_what_the_boot_rom_would_refuse(index: int, value: int, words: str) -> None:
    changed = (*SMALLEST[:index], value, *SMALLEST[index + 1 :])
    assert words in definition_problem(image(changed))


def test_whatever_lies_there_is_looked_at_safely() -> None:
    for size in (0, 3, 4, 20, 70):
        assert definition_problem(image(SMALLEST)[:size])
