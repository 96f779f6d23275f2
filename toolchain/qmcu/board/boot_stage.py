"""The RP2040's second boot stage: the first 256 bytes of flash, the last four their checksum."""

STAGE_SIZE = 256
_POLYNOMIAL = 0x04C1_1DB7


def stage_checksum(code: bytes) -> int:
    """The checksum of the stage's first 252 bytes.

    CRC-32 with polynomial 0x04C11DB7, start 0xFFFFFFFF, nothing reflected, no final XOR
    (RP2040 datasheet 2.8.1.3.1).
    """
    value = 0xFFFF_FFFF
    for byte in code:
        value ^= byte << 24
        for _ in range(8):
            value = value << 1 ^ (_POLYNOMIAL if value >> 31 else 0)
            value &= 0xFFFF_FFFF
    return value


def stage_problem(stage: bytes) -> str:
    """Why the boot ROM would refuse this stage, or an empty string."""
    if len(stage) < STAGE_SIZE:
        return f"the boot stage has {len(stage)} bytes, {STAGE_SIZE} are needed"
    carried = int.from_bytes(stage[STAGE_SIZE - 4 : STAGE_SIZE], "little")
    wanted = stage_checksum(stage[: STAGE_SIZE - 4])
    if carried == wanted:
        return ""
    return f"the boot stage carries the checksum 0x{carried:08X}, its bytes give 0x{wanted:08X}"
