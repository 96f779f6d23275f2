"""`qmcu init`: write qmcu.toml."""

from pathlib import Path

import rich_click as click


@click.command("init")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--board", required=True, help="Board name; `qmcu boards` lists them.")
@click.option("--vectors", type=click.Path(path_type=Path), help="Vector file for `qmcu test`.")
@click.option("--kernels", default="native", show_default=True, help="Kernel set.")
@click.option("--force", is_flag=True, help="Replace an existing qmcu.toml.")
def command(model: Path, board: str, vectors: Path | None, kernels: str, force: bool) -> None:
    """Write qmcu.toml here, so that `qmcu build` and `qmcu test` need no arguments."""
    from qmcu.board import load_board
    from qmcu.project import Project, write_project

    load_board(board)
    path = write_project(Path(), Project(model, board, vectors, kernels), force=force)
    click.echo(f"wrote {path}; next: qmcu build")
