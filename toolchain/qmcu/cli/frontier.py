"""`qmcu frontier`: what each quantization scheme costs and risks."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import (
    PATH,
    board_option,
    class_option,
    cluster_option,
    declare,
    limit_option,
    oracle_option,
    seed_option,
)
from qmcu.cli.targets import on_option


@declare("frontier")
@click.argument("model", type=PATH)
@click.option("--data", required=True, type=PATH,
              help="An .npz with `inputs` (real) and `labels`.")  # fmt: skip
@click.option("--calibration", type=PATH,
              help="An .npz with `inputs` [default: a quarter of --data].")  # fmt: skip
@board_option(required=True)
@click.option("--trigger", "trigger_file", type=PATH,
              help="Measure the attack success rate of this trigger too.")  # fmt: skip
@click.option("--defence", default="", help="Measure with this one of `qmcu defend` too.")
@on_option(boards=False)
@limit_option
@class_option
@seed_option
@oracle_option
@cluster_option
@click.option("-o", "--output", required=True, type=PATH,
              help="Folder for frontier.html, .json, .csv, models and firmware.")  # fmt: skip
def command(
    model: Path,
    data: Path,
    calibration: Path | None,
    board_name: str,
    trigger_file: Path | None,
    defence: str,
    target: str | None,
    limit: int | None,
    decision: str | None,
    seed: int,
    cluster: str | None,
    output: Path,
) -> int:
    """Sweep the float MODEL over quantization schemes: accuracy, size, security.

    MODEL is a .keras, .h5, SavedModel, .onnx, .pt2 or float32 .tflite.

    float32, float16, dynamic range, 16x8, int8 per tensor and per channel, int4 weights, each that
    has a grid of integers also with --defence; those that the board can run are built and run. An
    interrupted sweep goes on when it is started again with the same files and -o.
    Exit code: 0 all device outputs equal the host's, 1 some differ, 2 it could not run.
    """
    from qmcu.backdoor.inputs import load_trigger
    from qmcu.board import load_board
    from qmcu.cluster import open_cluster
    from qmcu.files import check_writable, write_atomic
    from qmcu.frontier import Source, load_sweep, sweep
    from qmcu.model.scoring import class_rule
    from qmcu.report.console import show, stages
    from qmcu.report.frontier import frontier_csv, frontier_lines
    from qmcu.report.html import write_page
    from qmcu.report.html.frontier_page import frontier_page
    from qmcu.report.json_file import write_json

    board = load_board(board_name)
    check_writable(output / "frontier.json")
    trigger = load_trigger(trigger_file) if trigger_file is not None else None
    source = Source(model, data, board, calibration, trigger, defence, target, limit, seed)
    with class_rule(decision, cluster):
        work = load_sweep(source)
        with open_cluster(cluster, show) as workers, stages() as tell:
            result = sweep(work, output, tell, workers)
    write_json(result, output / "frontier.json")
    write_atomic(output / "frontier.csv", frontier_csv(result))
    write_page(frontier_page(result), output / "frontier.html")
    show(*frontier_lines(result))
    return 0 if result.passed else 1
