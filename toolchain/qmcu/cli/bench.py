"""`qmcu bench`: instructions, cycles, flash and RAM of models, kernel sets side by side."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import (
    PATH,
    board_option,
    cluster_option,
    cmsis_nn_option,
    declare,
    html_option,
    json_option,
    operator_option,
    oracle_option,
    seed_option,
)
from qmcu.cli.targets import on_option


@declare("bench")
@click.argument("models", nargs=-1, required=True, type=PATH)
@board_option(required=True)
@click.option(
    "--kernels", "sets", default="portable,native", show_default=True,
    help="Kernel sets, comma separated.",
)  # fmt: skip
@click.option(
    "--optimize", "choices", default="balanced", show_default=True,
    help="What native kernels favour, comma separated: balanced, speed, size, ram.",
)  # fmt: skip
@on_option(boards=False)
@click.option("--random", "count", type=click.IntRange(min=1), default=5, show_default=True,
              help="Random inputs whose outputs are compared.")  # fmt: skip
@seed_option
@oracle_option
@operator_option
@click.option("--vectors", type=PATH, help="Compare these instead.")
@click.option("--wait-states", type=click.IntRange(min=0), help="Of the flash, for the cycle "
              "estimates' upper end [default: the chip family's, where known].")  # fmt: skip
@cmsis_nn_option
@cluster_option
@click.option("--layers", is_flag=True, help="Show each layer.")
@json_option
@html_option()
def command(
    models: tuple[Path, ...],
    board_name: str,
    sets: str,
    choices: str,
    target: str | None,
    count: int,
    seed: int,
    vectors: Path | None,
    wait_states: int | None,
    cmsis_nn: Path | None,
    cluster: str | None,
    layers: bool,
    json_file: Path | None,
    html_file: Path | None,
) -> int:
    """Measure MODELS (.tflite) on a board's emulator.

    Every output byte is compared with the interpreter's. Exit code: 0 all equal, 1 some differ.
    """
    from qmcu.benchmark import Benchmarks, Measurement, measure_all
    from qmcu.benchmark.flash_waits import waits_of
    from qmcu.board import load_board
    from qmcu.cluster import open_cluster
    from qmcu.report.benchmark import benchmark_table, layer_table, lines
    from qmcu.report.console import progress, show
    from qmcu.report.html import write_page
    from qmcu.report.html.benchmark_page import benchmark_page
    from qmcu.report.json_file import write_json

    board = load_board(board_name)
    work = [
        Measurement(
            model, board, kernels, optimize, target, count, seed, vectors, cmsis_nn, wait_states
        )
        for model in models
        for kernels in sets.split(",")
        for optimize in (choices.split(",") if kernels == "native" else ["balanced"])
    ]
    with (
        open_cluster(cluster, show) as workers,
        progress(f"measuring on {board.name}", len(work)) as advance,
    ):
        results = measure_all(work, workers, advance)
    if json_file is not None:
        write_json(Benchmarks(results), json_file)
    if html_file is not None:
        write_page(benchmark_page(results), html_file)
    waits = waits_of(board, wait_states)
    show(benchmark_table(results), *lines(results, waits, board.core.cpu))
    if layers:
        for model in models:
            show(layer_table([r for r in results if r.model == model.stem]))
    return 0 if all(r.passed for r in results) else 1
