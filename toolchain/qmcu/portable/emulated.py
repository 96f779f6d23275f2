"""The portable kernels as firmware in Unicorn, where no compiler of the host's own is at hand."""

import weakref
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from qmcu.board import Board, load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.builder.firmware import BUILDERS, check_builder
from qmcu.builder.toolchain import find_toolchain
from qmcu.device import open_session
from qmcu.errors import DeviceError, GuestFault, InterpreterDiedError, ToolError
from qmcu.firmware import Firmware
from qmcu.scratch import ScratchFolder
from qmcu.types import Array

_BOARD = "stm32f746"
# Far more than any chip has, so that every model fits: emulated memory takes what is used of it.
_FLASH_BYTES, _RAM_BYTES = 128 << 20, 256 << 20


def emulator_version() -> str:
    """The emulator with its version."""
    return f"unicorn {version('unicorn')}"


class EmulatedRunner:
    """A model's firmware in the emulator; see `engine.Runner`.

    Raises ToolError without a cross compiler, InterpreterDiedError when the firmware crashes.
    """

    def __init__(self, name: str, model: bytes, limit_s: float) -> None:
        self._name = name
        folder = ScratchFolder("portable")
        self._folder = folder
        path = Path(folder.name) / "model.tflite"
        path.write_bytes(model)
        directory = Path(folder.name) / "firmware"
        options = BuildOptions("portable", builder=_builder())
        build_firmware(path, _board(), directory, options)
        self._session = open_session("unicorn", Firmware.load(directory), timeout_s=limit_s)
        weakref.finalize(self, folder.cleanup)

    def infer(self, rows: Sequence[Sequence[Array]], resets: Sequence[int]) -> list[list[bytes]]:
        """See Runner."""
        answers = []
        try:
            for number, inputs in enumerate(rows):
                if number in resets:
                    self._session.reset()
                arrays = [np.ascontiguousarray(array) for array in inputs]
                answers.append(list(self._session.infer(arrays).outputs))
        except (DeviceError, GuestFault) as error:
            raise InterpreterDiedError(
                f"{self._name}: the portable kernels in the emulator failed on it, so there are no "
                f"expected bytes: {error}"
            ) from error
        return answers

    def reset(self) -> None:
        """See Runner."""
        self._session.reset()


def _builder() -> str:
    """What builds here. Raises ToolError, with the ways out, where nothing does."""
    for builder in BUILDERS:
        try:
            find_toolchain(with_make=builder == "make")
            check_builder(builder)
            return builder
        except ToolError:
            continue
    raise ToolError(
        "expected bytes need a C compiler here: the computer's own (cc, gcc or clang on PATH) or "
        "the cross compiler with make (`qmcu doctor`); or take vectors that were made elsewhere "
        "(`qmcu vectors make`, then --vectors FILE)."
    )


def _board() -> Board:
    """A board with room for anything."""
    board = load_board(_BOARD)
    flash, ram = replace(board.flash, size=_FLASH_BYTES), replace(board.ram, size=_RAM_BYTES)
    return replace(board, name="portable", flash=flash, ram=ram, external=())
