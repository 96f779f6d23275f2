"""Board files in, checked descriptions out: core, memories, port, UART, emulators, flashing.

One TOML file a board; every fact about a board is there and nowhere else.
"""

from qmcu.board.description import (
    READY_DRIVERS,
    Board,
    Core,
    ExternalMemory,
    Memory,
    SerialPort,
    Uart,
)  # fmt: skip
from qmcu.board.registry import list_boards, load_board, load_built_board

__all__ = [
    "READY_DRIVERS", "Board", "Core", "ExternalMemory", "Memory", "SerialPort", "Uart",
    "list_boards", "load_board", "load_built_board",
]  # fmt: skip
