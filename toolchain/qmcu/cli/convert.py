"""`qmcu convert`: a trained model to full int8."""

from pathlib import Path

import rich_click as click


@click.command("convert")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--calibration", required=True, type=click.Path(path_type=Path),
    help="An .npz with `inputs`: real values as the float model takes them.",
)  # fmt: skip
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The .tflite to write."
)
@click.option("--per-tensor", is_flag=True, help="One scale a weight tensor, not one a channel.")
@click.option("--limit", type=click.IntRange(min=1), help="Calibrate on the first inputs only.")
@click.option("--ranges", is_flag=True, help="Show the range of every activation.")
def command(
    model: Path, calibration: Path, output: Path, per_tensor: bool, limit: int | None, ranges: bool
) -> None:
    """Quantize MODEL (.keras, .h5 or a SavedModel folder) to int8, input and output too."""
    from qmcu.compile import unsupported
    from qmcu.files import write_atomic
    from qmcu.model.convert import convert_model
    from qmcu.report.console import show
    from qmcu.report.conversion import conversion_lines, ranges_table

    conversion = convert_model(model, calibration, per_tensor=per_tensor, limit=limit)
    write_atomic(output, conversion.model)
    show(*conversion_lines(conversion, output, unsupported(conversion.graph)))
    if ranges:
        show(ranges_table(conversion))
