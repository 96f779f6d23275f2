"""`qmcu build`: from a .tflite file to firmware."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from click import get_current_context
from click.core import ParameterSource

from qmcu.cli.options import (
    PATH,
    arenas_option,
    batch_option,
    board_option,
    cmsis_nn_option,
    declare,
    io_option,
    kernels_option,
    operator_option,
    optimize_option,
    place_option,
)

if TYPE_CHECKING:
    from qmcu.board import Board
    from qmcu.builder.several import Several


@declare("build")
@click.argument("models", nargs=-1, type=PATH, metavar="[MODEL]...")
@board_option()
@click.option(
    "--name", "names", metavar="A,B", help="Names of several models [default: their files']."
)
@arenas_option
@kernels_option
@optimize_option
@cmsis_nn_option
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
@place_option
@click.option(
    "--debug-protocol/--no-debug-protocol", "debug_protocol", default=None,
    help="PROFILE and TRACE, which show what is in the arena [default: unless --release].",
)  # fmt: skip
@click.option(
    "--release", is_flag=True,
    help="For the field: checks itself, restarts after faults, wipes its arena, no TRACE.",
)  # fmt: skip
@click.option(
    "--check-every", type=click.IntRange(1, 65535), default=64, show_default=True, metavar="N",
    help="A release checks all of its image again in N inferences; 1: before each answer.",
)  # fmt: skip
@click.option(
    "--access", type=PATH, metavar="KEYFILE",
    help="All but HELLO needs a session with this key, which `qmcu trust access-key` makes.",
)  # fmt: skip
@click.option(
    "--no-infer",
    is_flag=True,
    help="Nobody is answered INFER: the user's qmcu_application() infers.",
)
@click.option(
    "--monitor", type=PATH, metavar="LIMITS",
    help="Hold each inference against these limits, which `qmcu monitor fit` learned.",
)  # fmt: skip
@click.option(
    "--tuning", multiple=True, type=PATH, metavar="FILE",
    help="Forms of layers that `qmcu tune` chose; with its --optimize. Of several models one each.",
)  # fmt: skip
@click.option(
    "--bootloader", type=click.Choice(["none", "mcuboot"]), default="none", show_default=True,
    help="mcuboot: link for a slot and sign with imgtool.",
)  # fmt: skip
@click.option("--slot", metavar="START:SIZE", help="MCUboot's slot [default: behind 128 KiB].")
@click.option("--image-key", type=PATH, help="Private key (PEM) that MCUboot knows.")
@click.option("--image-version", default="0.0.0", show_default=True, help="Version for MCUboot.")
@click.option(
    "--security-counter", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
    help="MCUboot takes no image with a lower one any more.",
)  # fmt: skip
@click.option(
    "--budget", metavar="flash=SIZE,ram=SIZE",
    help="The most that the image may take, as 512K; more is exit code 1.",
)  # fmt: skip
@batch_option
@io_option
@operator_option
@click.option("-o", "--output", type=PATH, help="Folder [default: build/MODEL-BOARD].")
def command(
    models: tuple[Path, ...],
    board_name: str | None,
    names: str | None,
    arenas: str | None,
    kernels: str | None,
    optimize: str,
    cmsis_nn: Path | None,
    protocol: str,
    benchmark: str | None,
    builder: str,
    places: tuple[str, ...],
    debug_protocol: bool | None,
    release: bool,
    check_every: int,
    access: Path | None,
    no_infer: bool,
    monitor: Path | None,
    tuning: tuple[Path, ...],
    bootloader: str,
    slot: str | None,
    image_key: Path | None,
    image_version: str,
    security_counter: int,
    budget: str | None,
    batch: int | None,
    io: str,
    output: Path | None,
) -> int:
    """Compile MODEL (.tflite) into firmware for a board; several MODELs into one image.

    What is not given comes from ./qmcu.toml. The output folder holds the C project, which builds
    on its own with make or CMake, firmware.elf, .bin, .hex and .map, and report.json; with weights
    in external flash firmware-external.bin, too. What does not fit, the board or the --budget, is
    built smaller by itself, unless --optimize is given. Exit code: 0, 1 when the budget is
    broken, 2 when nothing could be built.
    """
    from qmcu.builder import BuildOptions
    from qmcu.builder.budget import build_within, parse_budget
    from qmcu.builder.mcuboot import Bootloader, parse_slot
    from qmcu.builder.several import default_folder
    from qmcu.builder.tuned import load_tuning
    from qmcu.codegen.places import parse_places
    from qmcu.errors import UsageError
    from qmcu.firmware import Firmware
    from qmcu.report.console import show
    from qmcu.report.memory import models_table, summary_lines
    from qmcu.report.plan import plan_lines

    boot = None
    if bootloader == "mcuboot":
        if image_key is None:
            raise UsageError("--bootloader mcuboot signs the image; give --image-key KEY.")
        place = parse_slot(slot) if slot is not None else None
        boot = Bootloader(image_key, image_version, security_counter, place)
    models, board, kernels = what_to_build(models, board_name, kernels)
    source = source_of(models, names, arenas)
    directory = output or default_folder(source, board.name)
    options = BuildOptions(
        kernels,
        optimize,
        cmsis_nn,
        protocol,
        benchmark,
        builder,
        batch,
        io,
        parse_places(places or places_of_project()),
        debug_protocol,
        release,
        boot,
        check_every,
        monitor,
        tuning,
        access,
        not no_infer,
    )
    chosen = get_current_context().get_parameter_source("optimize") is not ParameterSource.DEFAULT
    if tuning and not chosen:
        options = replace(options, optimize=load_tuning(tuning[0]).optimize)
    built = build_within(
        source, board, directory, options, parse_budget(budget) if budget else None,
        settle=not chosen and not tuning,
    )  # fmt: skip
    report = built.report
    loaded = Firmware.load_all(directory)
    for firmware in loaded:
        whose = f"{firmware.plan.name}: " if len(loaded) > 1 else ""
        for note in firmware.model.graph.notes:
            show(f"note: {whose}{note}")
    emulators = loaded[0].board.emulators
    target = emulators[0] if emulators else None
    show(f"built {directory} for {board.name}", *summary_lines(report))
    if access is not None:
        show(
            f"{directory} and its images hold the access key; keep them as you keep {access}, and "
            "switch on the chip's read-out protection"
        )
    if kernels == "cmsis-nn":
        show(f"CMSIS-NN {report.tools['CMSIS-NN']}")
    if len(loaded) > 1:
        show(models_table([firmware.memory for firmware in loaded]))
    for firmware in loaded:
        show(*plan_lines(firmware.plan))
    if built.tried and not built.excess:
        show(f"built with --optimize {built.options.optimize}, for others do not fit:")
    show(*(f"  {line}" for line in built.tried))
    quoted = shlex.quote(str(directory))
    if target is not None and not no_infer:
        key = f" --access {shlex.quote(str(access))}" if access is not None else ""
        show(f"next: qmcu report {quoted}, qmcu test {quoted} --on {target}{key}")
    for excess in built.excess:
        show(f"over budget: {excess}")
    return 1 if built.excess else 0


def source_of(models: tuple[Path, ...], names: str | None, arenas: str | None) -> "Path | Several":
    """What the image is of; ./qmcu.toml says what is not given of models that come from it.

    Raises UsageError for what only several models can have.
    """
    from qmcu.builder.several import name_models
    from qmcu.errors import UsageError
    from qmcu.project import load_project

    if len(models) > 1:
        project = load_project(Path())
        if project is not None and models == project.models:
            names, arenas = names or ",".join(project.names) or None, arenas or project.arenas
        return name_models(models, names, "own" if arenas == "own" else "shared")
    if names is not None or arenas is not None:
        raise UsageError("--name and --arenas are for several models in one image; give them all.")
    return models[0]


def places_of_project() -> tuple[str, ...]:
    """What ./qmcu.toml says of `--place`; nothing when there is none."""
    from qmcu.project import load_project

    project = load_project(Path())
    return project.place if project is not None else ()


def what_to_build(
    models: tuple[Path, ...], board_name: str | None, kernels: str | None
) -> "tuple[tuple[Path, ...], Board, str]":
    """Models, board and kernel set from the command line, else from ./qmcu.toml.

    Raises UsageError when neither says, BoardError for an unknown board.
    """
    from qmcu.board import load_board
    from qmcu.errors import UsageError
    from qmcu.project import load_project

    project = load_project(Path())
    if not models and project is None:
        raise UsageError(
            "no MODEL given and there is no qmcu.toml here; name a .tflite file or "
            "run `qmcu init` first."
        )
    if project is not None:
        # A model named on the command line keeps the project's board, for it is the same work.
        models = models or project.models
        board_name = board_name or project.board
        kernels = kernels or project.kernels
    if board_name is None:
        raise UsageError("no board given; add --board NAME (`qmcu boards` lists them).")
    return models, load_board(board_name), kernels or "native"
