"""The checksum of the RP2040's boot stage."""

import random

from qmcu.board.boot_stage import stage_checksum, stage_problem


def test_the_checksum_of_the_catalogue() -> None:
    """CRC-32/MPEG-2, as catalogues of checksums call it, gives 0x0376E6E7 for 123456789."""
    assert stage_checksum(b"123456789") == 0x0376E6E7


def test_any_changed_bit_is_noticed() -> None:
    code = random.Random(3).randbytes(252)
    stage = code + stage_checksum(code).to_bytes(4, "little")
    assert stage_problem(stage) == ""
    for bit in range(0, 256 * 8, 37):
        damaged = bytearray(stage)
        damaged[bit // 8] ^= 1 << bit % 8
        assert "carries the checksum 0x" in stage_problem(bytes(damaged))
    assert stage_problem(stage[:100]) == "the boot stage has 100 bytes, 256 are needed"
