"""A C project as a PlatformIO project too: its ini files, its flags, a platform for offline use."""

from dataclasses import dataclass

from qmcu.board import Board
from qmcu.codegen.project import BuildFiles, generated_c_folders
from qmcu.codegen.templates import render
from qmcu.errors import BoardError

_FOLDER = "platformio"
_PLATFORM = "offline/platforms/qmcu"
_FILES = {
    "platformio.ini": "platformio.ini",
    "offline.ini": "offline.ini",
    "scripts/compile.py": "compile.py",
    "scripts/link.py": "link.py",
    "offline/prepare.py": "prepare.py",
    f"{_PLATFORM}/platform.json": "platform.json",
    f"{_PLATFORM}/platform.py": "platform.py",
    f"{_PLATFORM}/builder/main.py": "main.py",
    ".gitignore": "gitignore",
}


@dataclass(frozen=True)
class PlatformIo:
    """PlatformIO's names of platform and board, and which files are compiled how."""

    platform: str
    board: str
    fast_prefixes: list[str]
    library_prefixes: list[str]


def platformio_files(board: Board, build: BuildFiles) -> dict[str, str]:
    """File name to text of what makes `build`'s project one of PlatformIO.

    Raises BoardError when the board file does not name PlatformIO's board.
    """
    names = board.export.get("platformio", {})
    if "board" not in names:
        raise BoardError(
            f"{board.name} has no PlatformIO board: its board file has no export.platformio."
        )
    fast, library = generated_c_folders()
    pio = PlatformIo(names.get("platform", "ststm32"), names["board"], list(fast), list(library))
    values = {"board": board, "build": build, "pio": pio}
    files = {name: render(f"{_FOLDER}/{file}.j2", values) for name, file in _FILES.items()}
    files[f"{_PLATFORM}/boards/{pio.board}.json"] = render(f"{_FOLDER}/board.json.j2", values)
    return files
