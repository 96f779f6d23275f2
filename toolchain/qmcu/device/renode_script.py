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
        mips=MIPS,
    )


def _path(path: Path) -> str:
    """A path as the monitor takes it after an @: spaces behind a backslash."""
    return _SPACE.sub(r"\\", str(path))
