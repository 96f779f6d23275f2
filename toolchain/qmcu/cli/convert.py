"""`qmcu convert`: a trained model to full int8, with int8 or int4 weights."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, declare, limit_option


@declare("convert")
@click.argument("model", type=PATH)
@click.option(
    "--calibration", type=PATH,
    help="An .npz with `inputs` (or input_0, ..., or their names): real values as the float model "
    "takes them. A .tflite needs none.",
)  # fmt: skip
@click.option("-o", "--output", required=True, type=PATH, help="The .tflite to write.")
@click.option(
    "--weights", type=click.Choice(("int8", "int4")), default="int8", show_default=True,
    help="int4: two weights a byte, for convolutions and fully connected layers.",
)  # fmt: skip
@click.option(
    "--exact", is_flag=True,
    help="With int4: pack layers whose weights are within -8..7 already, and round no other.",
)  # fmt: skip
@click.option("--per-tensor", is_flag=True, help="One scale a weight tensor, not one a channel.")
@limit_option
@click.option("--ranges", is_flag=True, help="Show the range of every activation.")
def command(
    model: Path, calibration: Path | None, output: Path, weights: str, exact: bool,
    per_tensor: bool, limit: int | None, ranges: bool,
) -> None:  # fmt: skip
    """Quantize MODEL (.keras, .h5 or a SavedModel folder) to int8, input and output too.

    With --weights int4, MODEL may also be a .tflite that is int8 already.
    """
    from qmcu.compile import unsupported
    from qmcu.errors import UsageError
    from qmcu.files import write_atomic
    from qmcu.model.convert import convert_model
    from qmcu.model.int4_file import pack_conversion, pack_file
    from qmcu.report.console import show
    from qmcu.report.conversion import conversion_lines, int4_lines, ranges_table

    if exact and weights != "int4":
        raise UsageError("--exact is about int4 weights; give --weights int4 too.")
    if model.suffix == ".tflite":
        if weights != "int4":
            raise UsageError(f"{model} is a .tflite already; --weights int4 packs its weights.")
        packed = pack_file(model, rounding=not exact)
        write_atomic(output, packed.model)
        show(*int4_lines(packed, output))
        return
    if calibration is None:
        raise UsageError(
            f"{model} needs --calibration X.npz, inputs as the float model takes them."
        )
    conversion = convert_model(
        model, calibration, per_tensor=per_tensor, limit=limit, problems=unsupported
    )
    lines: list[str] = []
    if weights == "int4":
        conversion, packed = pack_conversion(conversion, rounding=not exact)
        lines = list(int4_lines(packed, output))
    write_atomic(output, conversion.model)
    show(*conversion_lines(conversion, output, unsupported(conversion.graph)), *lines)
    if ranges:
        show(ranges_table(conversion))
