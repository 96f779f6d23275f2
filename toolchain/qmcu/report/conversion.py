"""What a conversion did, as lines and a table."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from qmcu.model.clipping import Clipping
from qmcu.model.convert import Conversion
from qmcu.model.int4_file import Int4Model
from qmcu.report.plain import Cell, PlainTable, line

if TYPE_CHECKING:
    from qmcu.model.onnx.proof import OnnxProof


def conversion_lines(
    conversion: Conversion, output: Path, problems: Sequence[str]
) -> Iterator[Cell]:
    """The file written, how it was quantized, and what qmcu cannot compile of it."""
    yield f"wrote {output}: {conversion}"
    for note in conversion.notes:
        yield f"  {note}"
    for role, tensors in (
        ("input", conversion.graph.input_tensors),
        ("output", conversion.graph.output_tensors),
    ):
        for tensor in tensors:
            found = [r for r in conversion.ranges if r.name == tensor.name]
            reach = f", real values {found[0].low:.4g} to {found[0].high:.4g}" if found else ""
            name = conversion.graph.name_of(tensor.index)
            yield f"  {role} {replace(tensor, name=name)}{reach}"
    if conversion.in_float:
        yield line(
            (f"  {len(conversion.in_float)} operators stay in float", "yellow"),
            f": {_counted(conversion.in_float)}; they write {conversion.float_values:,} float32 "
            "values an inference, four bytes each, which a core without FPU computes in software",
        )
    if problems:
        yield line(("`qmcu build` will refuse it", "yellow"), f" ({len(problems)}):")
        yield from (f"  {problem}" for problem in problems)


def clipping_lines(found: Sequence[Clipping]) -> Iterator[Cell]:
    """What of the inputs was clipped; a warning where it is much."""
    for one in found:
        yield line(("warning", "yellow"), f": {one}") if one.much else f"note: {one}"


def proof_of(source: Path, conversion: Conversion, rows: int = 200) -> "OnnxProof | None":
    """A quantized ONNX file beside its .tflite; None where scales of it are by calibration.

    Raises ToolError without onnx or onnxruntime.
    """
    from qmcu.model.onnx import read_onnx
    from qmcu.model.onnx.proof import prove_onnx, random_inputs
    from qmcu.model.writer import write_model

    read = read_onnx(source)
    if write_model(read.written.graph) != conversion.model:
        return None
    return prove_onnx(source, read, conversion.model, random_inputs(read, rows))


def proof_lines(proof: "OnnxProof | None") -> Iterator[Cell]:
    """Weights, outputs and each layer, in steps."""
    if proof is None:
        yield "  not compared with onnxruntime: scales that the file lacks are by calibration"
        return
    yield f"  {proof}"
    yield from (f"    {layer}" for layer in proof.layers)


def _counted(kinds: Sequence[str]) -> str:
    counts = Counter(kinds)
    return ", ".join(f"{kind} ({counts[kind]})" for kind in sorted(counts))


def int4_lines(packed: Int4Model, output: Path) -> Iterator[str]:
    """The file written, and the layers whose weights are not int4 with the reason."""
    yield f"wrote {output}: {packed}"
    for layer in packed.layers:
        if not layer.packed:
            yield f"  {layer.name} stays int8: {layer.reason}"


def ranges_table(conversion: Conversion) -> PlainTable:
    """The real values that each activation tensor can hold."""
    table = PlainTable("tensor", title="activation ranges from calibration")
    table.add_numbers("from", "to", "scale", "zero point")
    for item in conversion.ranges:
        table.add_row(
            item.name,
            f"{item.low:.6g}",
            f"{item.high:.6g}",
            f"{item.scale:.6g}",
            str(item.zero_point),
        )
    return table
