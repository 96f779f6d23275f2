"""The scripts that make Renode run a board."""

import re
from pathlib import Path

import jinja2

from qmcu.board import Board
from qmcu.errors import DeviceError
from qmcu.resources import renode_directory

# Virtual time passes at this many million instructions a second: the DWT's rate in renode/*.repl.
MIPS = 100
_SPACE = re.compile(r"(?=\s)")


def platform_file(board: Board) -> Path:
    """The board's platform file. Raises DeviceError when the product does not have it."""
    path = renode_directory() / (board.renode or "")
    if not path.is_file():
        raise DeviceError(f"{board.name}: there is no {path}; correct emulators.renode.")
    return path


def board_commands(board: Board, platform: Path, image: Path, port: int) -> list[str]:
    """The monitor's commands that load `image` on `platform` with the UART on TCP `port`.

    Nothing runs yet. They are those of board.resc, which `include` would take from a file.
    """
    lines = board_script(board, platform, image, port).splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def board_script(board: Board, platform: Path, image: Path, port: int) -> str:
    """The .resc that runs `image` on `platform` with the UART on TCP `port`, not yet started."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(renode_directory()),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template("board.resc").render(
        machine=board.name,
        platform=_path(platform),
        image=_path(image),
        port=port,
        uart=board.uart.name.lower(),
        vectors=board.vectors,
        mips=MIPS,
    )


def _path(path: Path) -> str:
    """A path as the monitor takes it: after an @, with spaces behind a backslash.

    A semicolon would end the command there, so such a path is a string in quotes.
    """
    text = str(path)
    if ";" in text:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "@" + _SPACE.sub(r"\\", text)
