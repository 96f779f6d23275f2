"""`qmcu export`: a model for another build system."""

from pathlib import Path

import rich_click as click

_FOLDER = click.Path(path_type=Path)


@click.command("export")
@click.argument("model", required=False, type=_FOLDER)
@click.option("--board", "board_name", help="Board; `qmcu boards` lists them.")
@click.option("--kernels", help="Kernel set [default: native]; portable also runs on a computer.")
@click.option(
    "--optimize", type=click.Choice(["balanced", "speed", "size", "ram"]), default="balanced",
    show_default=True, help="As for `qmcu build`.",
)  # fmt: skip
@click.option("--cmsis-nn", "cmsis_nn", type=_FOLDER, help="Folder of CMSIS-NN.")
@click.option("--platformio", type=_FOLDER, help="PlatformIO project of the whole firmware.")
@click.option("--cmake", type=_FOLDER, help="CMake library.")
@click.option("--zephyr", type=_FOLDER, help="Zephyr module with a sample.")
@click.option("--cmsis-toolbox", "cmsis_toolbox", type=_FOLDER, help="CMSIS-Toolbox csolution.")
def command(
    model: Path | None,
    board_name: str | None,
    kernels: str | None,
    optimize: str,
    cmsis_nn: Path | None,
    **folders: Path | None,
) -> None:
    """Write MODEL (.tflite, full int8) as a project or library for another build system.

    Each option names a folder; several may be given. What is not given comes from ./qmcu.toml.
    """
    from qmcu.cli.build import what_to_build
    from qmcu.errors import UsageError
    from qmcu.export import export_model

    targets = [(kind.replace("_", "-"), path) for kind, path in folders.items() if path]
    if not targets:
        options = ", ".join(f"--{kind.replace('_', '-')}" for kind in folders)
        raise UsageError(f"nothing to write; give at least one of {options} with a folder.")
    model, board, kernels = what_to_build(model, board_name, kernels)
    export_model(model, board, kernels, targets, optimize, cmsis_nn)
    for kind, path in targets:
        click.echo(f"wrote {path} ({kind}) for {board.name}")
