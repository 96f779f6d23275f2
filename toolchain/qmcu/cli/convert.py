"""`qmcu convert`: a trained model to full int8, with int8 or int4 weights."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from qmcu.cli.options import (
    PATH,
    custom_option,
    decision_option,
    declare,
    html_option,
    limit_option,
    oracle_option,
    signature_option,
    trust_option,
)
from qmcu.cli.sample_options import sample_options

if TYPE_CHECKING:
    from qmcu.conversion.files import Converted
    from qmcu.conversion.samples import SampleOptions
    from qmcu.model.convert import Conversion
    from qmcu.model.scoring import Decision


@declare("convert")
@click.argument("model", type=PATH)
@click.option(
    "--calibration", metavar="DATA",
    help="Real values as the float model takes them: an .npz with `inputs` (or input_0, ..., or "
    "their names), a folder of pictures or .wav files, or a Python MODULE:FUNCTION that gives "
    "rows. An int8 .tflite needs none.",
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
@click.option(
    "--activations", type=click.Choice(("int8", "int16")), default="int8", show_default=True,
    help="int16: inputs, outputs and all between in 16 bits, weights in 8 (16x8), for what int8 "
    "loses too much of; about twice the RAM.",
)  # fmt: skip
@click.option("--per-tensor", is_flag=True, help="One scale a weight tensor, not one a channel.")
@limit_option
@oracle_option
@sample_options
@signature_option
@custom_option
@trust_option
@click.option(
    "--compare", is_flag=True,
    help="Accuracy in float and int8, and the layers that lose most, with what to try; for a "
    "quantized .onnx its weights and each layer's results beside onnxruntime's.",
)  # fmt: skip
@decision_option
@html_option("of --compare with each layer's signal and noise")
@click.option(
    "--keep-layout", is_flag=True,
    help="Leave the axes of an ONNX model's inputs and outputs; else channels go last.",
)  # fmt: skip
@click.option("--ranges", is_flag=True, help="Show the range of every activation.")
def command(
    model: Path, calibration: str | None, output: Path, weights: str, exact: bool,
    activations: str, per_tensor: bool, sampling: "SampleOptions", signature: str | None,
    custom: tuple[str, ...], trust: bool, compare: bool, decision: str | None,
    html_file: Path | None, keep_layout: bool, ranges: bool,
) -> None:  # fmt: skip
    """Quantize MODEL to int8, or int16 activations and int8 weights; input and output too.

    MODEL is a .keras or .h5 file of Keras 3 or 2, a SavedModel folder, a .onnx, a .pt2 of
    torch.export or a .tflite in float. A .onnx or .pt2 that is quantized already keeps its integers
    and scales and needs no calibration, nor does a .tflite of uint8, as TensorFlow 1 wrote, which
    becomes int8. With --weights int4 MODEL may also be an int8 .tflite.
    """
    from qmcu.compile import unsupported
    from qmcu.conversion.files import OpenOptions, convert_file
    from qmcu.errors import UsageError
    from qmcu.files import check_writable, refuse_same, write_atomic
    from qmcu.model.int4_file import pack_conversion, pack_file
    from qmcu.model.scoring import parse_decision
    from qmcu.report.console import show
    from qmcu.report.conversion import conversion_lines, int4_lines, ranges_table

    rule = None if decision is None else parse_decision(decision)
    if html_file is not None and not compare:
        raise UsageError("--html is the page of --compare; give that too.")
    check_writable(output, html_file)
    if exact and weights != "int4":
        raise UsageError("--exact is about int4 weights; give --weights int4 too.")
    if weights == "int4" and activations != "int8":
        raise UsageError(f"--weights int4 goes with int8 activations, not with {activations}.")
    if calibration is None and model.suffix == ".tflite" and weights == "int4":
        packed = pack_file(model, rounding=not exact)
        write_atomic(output, packed.model)
        show(*int4_lines(packed, output))
        return
    if calibration is None and model.suffix not in (".onnx", ".pt2", ".tflite"):
        raise UsageError(
            f"{model} needs --calibration X.npz, inputs as the float model takes them."
        )
    if calibration is not None:
        refuse_same(output, Path(calibration))
    converted = convert_file(
        model, calibration, per_tensor=per_tensor, activations=activations, options=sampling,
        opening=OpenOptions(signature, trust, custom, keep_layout), keep_float=compare,
        problems=unsupported,
    )  # fmt: skip
    conversion = converted.conversion
    lines: list[str] = []
    if weights == "int4":
        conversion, packed = pack_conversion(conversion, rounding=not exact)
        lines = list(int4_lines(packed, output))
    write_atomic(output, conversion.model)
    show(*conversion_lines(conversion, output, unsupported(conversion.graph)), *lines)
    _show_comparison(model, converted, conversion, rule, compare, html_file)
    if ranges:
        show(ranges_table(conversion))


def _show_comparison(
    model: Path, converted: "Converted", conversion: "Conversion", rule: "Decision | None",
    wanted: bool, html_file: Path | None,
) -> None:  # fmt: skip
    """What the conversion cost, printed and as a page, where it was asked for."""
    from qmcu.report.console import show
    from qmcu.report.conversion import proof_lines, proof_of

    found = proof = None
    if converted.float_model is not None and converted.samples is not None:
        from qmcu.conversion.compare import compare, comparison_lines

        found = compare(converted.float_model, conversion, converted.samples, rule)
        show(*comparison_lines(found))
    elif wanted and model.suffix == ".onnx":
        proof = proof_of(model, conversion)
        show(*proof_lines(proof))
    elif wanted:
        show(f"nothing was compared: {model} has no float model behind it.")
    if html_file is not None:
        from qmcu.report.html import write_page
        from qmcu.report.html.conversion_page import conversion_page

        write_page(conversion_page(model, conversion, found, proof), html_file)
        show(f"wrote {html_file}")
