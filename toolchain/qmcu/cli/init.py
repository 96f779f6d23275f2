"""`qmcu init`: write qmcu.toml."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, declare


@declare("init")
@click.argument("model", type=PATH)
@click.option("--board", required=True, help="Board name; `qmcu boards` lists them.")
@click.option("--vectors", type=PATH, help="Vector file for `qmcu test`.")
@click.option("--kernels", default="native", show_default=True, help="Kernel set.")
@click.option("--force", is_flag=True, help="Replace an existing qmcu.toml.")
def command(model: Path, board: str, vectors: Path | None, kernels: str, force: bool) -> None:
    """Write qmcu.toml: `qmcu build` and `qmcu test` need no arguments then.

    The folder is that of `qmcu build`, by default build/MODEL-BOARD; the vectors come from here.
    """
    from qmcu.board import load_board
    from qmcu.errors import UsageError
    from qmcu.project import Project, write_project
    from qmcu.report.console import show

    load_board(board)
    for given in filter(None, (model, vectors)):
        if not given.is_file():
            raise UsageError(f"there is no file {given}; qmcu.toml names files that are there.")
    path = write_project(Path(), Project((model,), board, vectors, kernels), force=force)
    show(f"wrote {path}; next: qmcu build, then qmcu test")
