"""`qmcu tune`: each layer's form by counts in the board's emulator."""

import shlex
from pathlib import Path

import rich_click as click

from qmcu.cli.options import (
    PATH,
    batch_option,
    board_option,
    cmsis_nn_option,
    declare,
    io_option,
    kernels_option,
    operator_option,
    optimize_option,
    oracle_option,
    seed_option,
)
from qmcu.cli.targets import on_option


@declare("tune")
@click.argument("model", required=False, type=PATH)
@board_option()
@kernels_option
@optimize_option
@cmsis_nn_option
@on_option(boards=False)
@click.option("--cache", type=PATH, help="Folder of counts [default: the user's own].")
@seed_option
@oracle_option
@batch_option
@io_option
@operator_option
@click.option("-o", "--output", type=PATH, default=Path("tune.json"), show_default=True,
              help="What `qmcu build --tuning` takes.")  # fmt: skip
def command(
    model: Path | None,
    board_name: str | None,
    kernels: str | None,
    optimize: str,
    cmsis_nn: Path | None,
    target: str | None,
    cache: Path | None,
    seed: int,
    batch: int | None,
    io: str,
    output: Path,
) -> int:
    """Count every form of MODEL's layers on a board's emulator, and choose.

    A form is a kernel with its packed weights; all give the same bytes, which is checked in every
    firmware that is built for counting. Of each layer the form with the fewest instructions is
    taken that does not make the arena larger and whose flash is worth it: with balanced and ram 10
    instructions an inference for each byte, with speed any, with size none. Counts are kept by what
    they depend on, so that an interrupted call goes on and layers of other models that are the
    same are not counted again.
    """
    from qmcu.builder import BuildOptions
    from qmcu.cli.build import what_to_build
    from qmcu.errors import UsageError
    from qmcu.report.console import progress, show
    from qmcu.report.json_file import write_json
    from qmcu.report.tune import totals_lines, tuning_table
    from qmcu.tuning import tune

    given = (model,) if model is not None else ()
    models, board, kernels = what_to_build(given, board_name, kernels)
    if len(models) > 1:
        raise UsageError("./qmcu.toml names several models; name one, for each is tuned alone.")
    model = models[0]
    options = BuildOptions(kernels, optimize, cmsis_nn, batch=batch, io=io)
    with progress(f"counting forms on {board.name}", 1) as advance:
        found = tune(model, board, options, target=target, cache=cache, seed=seed, progress=advance)
    write_json(found, output)
    show(tuning_table(found), *totals_lines(found))
    quoted = (shlex.quote(str(path)) for path in (model, output))
    show("next: qmcu build {} --board {} --tuning {}".format(next(quoted), board.name, *quoted))
    return 0
