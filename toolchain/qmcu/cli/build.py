"""`qmcu build`: from a .tflite file to firmware."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

if TYPE_CHECKING:
    from qmcu.board import Board


@click.command("build")
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option("--board", "board_name", help="Board; `qmcu boards` lists them.")
@click.option("--kernels", help="Kernel set [default: native].")
@click.option(
    "--optimize",
    type=click.Choice(["balanced", "speed", "size", "ram"]),
    default="balanced",
    show_default=True,
    help="What native kernels favour. balanced: more flash where it saves many instructions; "
    "speed: wherever it saves any; size: never; ram: slower forms where they take less RAM.",
)
@click.option(
    "--cmsis-nn", "cmsis_nn", type=click.Path(path_type=Path),
    help="Folder of CMSIS-NN, for --kernels cmsis-nn [default: searched for].",
)  # fmt: skip
@click.option(
    "--protocol",
    type=click.Choice(["qmcu", "mlperf-tiny"]),
    default="qmcu",
    show_default=True,
    help="mlperf-tiny: obey the runner of MLPerf Tiny, too.",
)
@click.option(
    "--benchmark",
    type=click.Choice(["ic01", "kws01", "vww01", "ad01"]),
    help="Which of MLPerf Tiny's models this is [default: the one of these sizes].",
)
@click.option(
    "--builder", type=click.Choice(["make", "platformio"]), default="make", show_default=True,
    help="What compiles and links; the image is the same.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Folder [default: build/MODEL-BOARD]."
)
def command(
    model: Path | None,
    board_name: str | None,
    kernels: str | None,
    optimize: str,
    cmsis_nn: Path | None,
    protocol: str,
    benchmark: str | None,
    builder: str,
    output: Path | None,
) -> None:
    """Compile MODEL (.tflite, full int8) into firmware for a board.

    What is not given comes from ./qmcu.toml. The output folder holds the C project, which builds
    on its own with make or CMake, firmware.elf, .bin, .hex and .map, and report.json.
    """
    from qmcu.build import build_firmware
    from qmcu.compile.serialization import load_plan
    from qmcu.report.memory import summary_lines
    from qmcu.report.plan import plan_lines

    model, board, kernels = what_to_build(model, board_name, kernels)
    directory = output or Path("build") / f"{model.stem}-{board.name}"
    report = build_firmware(
        model, board, kernels, directory, optimize, cmsis_nn, protocol, benchmark, builder
    )
    target = board.emulators[0] if board.emulators else None
    click.echo("\n".join((f"built {directory} for {board.name}", *summary_lines(report))))
    if kernels == "cmsis-nn":
        click.echo(f"CMSIS-NN {report.tools['CMSIS-NN']}")
    click.echo("\n".join(plan_lines(load_plan(directory / "plan.json"))))
    quoted = shlex.quote(str(directory))
    if target is not None:
        click.echo(f"next: qmcu report {quoted}, qmcu test {quoted} --on {target}")


def what_to_build(
    model: Path | None, board_name: str | None, kernels: str | None
) -> "tuple[Path, Board, str]":
    """Model, board and kernel set from the command line, else from ./qmcu.toml.

    Raises UsageError when neither says, BoardError for an unknown board.
    """
    from qmcu.board import load_board
    from qmcu.errors import UsageError
    from qmcu.project import load_project

    project = load_project(Path())
    if model is None and project is None:
        raise UsageError(
            "no MODEL given and there is no qmcu.toml here; name a .tflite file or "
            "run `qmcu init` first."
        )
    if project is not None:
        # A model named on the command line keeps the project's board, for it is the same work.
        model = model or project.model
        board_name = board_name or project.board
        kernels = kernels or project.kernels
    if model is None or board_name is None:
        raise UsageError("no board given; add --board NAME (`qmcu boards` lists them).")
    return model, load_board(board_name), kernels or "native"
