"""`qmcu export`: a model for another build system."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import (
    PATH,
    arenas_option,
    board_option,
    cmsis_nn_option,
    declare,
    io_option,
    operator_option,
    optimize_option,
    oracle_option,
    place_option,
)


@declare("export")
@click.argument("models", nargs=-1, type=PATH, metavar="[MODEL]...")
@board_option()
@click.option("--kernels", help="Kernel set [default: native]; portable also runs on a computer.")
@optimize_option
@cmsis_nn_option
@io_option
@operator_option
@oracle_option
@place_option
@click.option("--platformio", type=PATH, help="PlatformIO project of the whole firmware.")
@click.option("--cmake", type=PATH, help="CMake library.")
@click.option("--zephyr", type=PATH, help="Zephyr module with a sample.")
@click.option("--cmsis-toolbox", "cmsis_toolbox", type=PATH, help="CMSIS-Toolbox csolution.")
@click.option("--arduino", type=PATH, help="Library for Arduino and PlatformIO.")
@click.option(
    "--name",
    default="qmcu_model",
    show_default=True,
    help="What a library's names in C begin with; of several models A,B [default: their files'].",
)
@arenas_option
def command(
    models: tuple[Path, ...],
    board_name: str | None,
    kernels: str | None,
    optimize: str,
    cmsis_nn: Path | None,
    io: str,
    places: tuple[str, ...],
    name: str,
    arenas: str | None,
    **folders: Path | None,
) -> None:
    """Write MODEL (.tflite) as a project or library for another build system; several in one.

    Each option with a path names a folder; several may be given. What is not given comes from
    ./qmcu.toml.
    """
    from qmcu.builder import BuildOptions
    from qmcu.cli.build import places_of_project, source_of, what_to_build
    from qmcu.codegen.naming import DEFAULT
    from qmcu.codegen.places import parse_places
    from qmcu.errors import UsageError
    from qmcu.export import export_model
    from qmcu.report.console import show

    targets = [(kind.replace("_", "-"), path) for kind, path in folders.items() if path]
    if not targets:
        known = ", ".join(f"--{kind.replace('_', '-')}" for kind in folders)
        raise UsageError(f"nothing to write; give at least one of {known} with a folder.")
    models, board, kernels = what_to_build(models, board_name, kernels)
    if len(models) > 1:
        source, name = source_of(models, name if name != DEFAULT else None, arenas), DEFAULT
    else:
        source = source_of(models, None, arenas)
    outside = parse_places(places or places_of_project())
    options = BuildOptions(kernels, optimize, cmsis_nn, io=io, places=outside)
    export_model(source, board, targets, options, name)
    for kind, path in targets:
        show(f"wrote {path} ({kind}) for {board.name}")
