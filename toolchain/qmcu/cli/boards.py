"""`qmcu boards`: what boards there are."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from qmcu.cli.options import PATH, declare, print_json_option

if TYPE_CHECKING:
    from qmcu.board import Board


@declare("boards")
@print_json_option
@click.option("--fits", "model", type=PATH,
              help="Which boards this .tflite fits on; the smallest is built for.")  # fmt: skip
def command(as_json: bool, model: Path | None) -> int:
    """List the boards: core, memories and the emulators that run their image.

    With --fits, the smallest board that a model fits on, proved by a build, and what the others
    lack. Exit code: 0, 1 when it fits on none.
    """
    from qmcu.board import list_boards
    from qmcu.documents import to_json
    from qmcu.report.boards import boards_table
    from qmcu.report.console import show

    boards = list_boards()
    if model is not None:
        return _fits(model, boards, as_json)
    if as_json:
        click.echo(to_json({"boards": boards}), nl=False)
    else:
        show(boards_table(boards))
    return 0


def _fits(model: Path, boards: "list[Board]", as_json: bool) -> int:
    from qmcu.builder.fits import Fits, fitting_boards, smallest_fit
    from qmcu.documents import to_json
    from qmcu.report.boards import fits_table, smallest
    from qmcu.report.console import progress, show

    with progress(f"fitting {model.name}", len(boards)) as advance:
        fits = fitting_boards(model, boards, advance)
    best = smallest_fit(fits)
    if as_json:
        click.echo(to_json(Fits(str(model), best.board if best else None, fits)), nl=False)
    else:
        show(fits_table(fits), smallest(fits))
    return 0 if best is not None else 1
