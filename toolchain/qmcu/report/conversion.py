"""What a conversion did, as lines and a table."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from qmcu.model.convert import Conversion
from qmcu.model.int4_file import Int4Model


def conversion_lines(
    conversion: Conversion, output: Path, problems: Sequence[str]
) -> Iterator[str]:
    """The file written, how it was quantized, and what qmcu cannot compile of it."""
    yield f"wrote {escape(str(output))}: {escape(str(conversion))}"
    for role, tensors in (
        ("input", conversion.graph.input_tensors),
        ("output", conversion.graph.output_tensors),
    ):
        for tensor in tensors:
            of_tensor = [r for r in conversion.ranges if r.name == tensor.name]
            reach = (
                f", real values {of_tensor[0].low:.4g} to {of_tensor[0].high:.4g}"
                if of_tensor
                else ""
            )
            yield f"  {role} {escape(str(tensor))}{reach}"
    if problems:
        yield f"[yellow]`qmcu build` will refuse it[/] ({len(problems)}):"
        yield from (f"  {escape(problem)}" for problem in problems)


def int4_lines(packed: Int4Model, output: Path) -> Iterator[str]:
    """The file written, and the layers whose weights are not int4 with the reason."""
    yield f"wrote {escape(str(output))}: {packed}"
    for layer in packed.layers:
        if not layer.packed:
            yield f"  {layer.name} stays int8: {escape(layer.reason)}"


def ranges_table(conversion: Conversion) -> Table:
    """The real values that each activation tensor can hold."""
    table = Table("tensor", title="activation ranges from calibration", title_justify="left")
    for heading in ("from", "to", "scale", "zero point"):
        table.add_column(heading, justify="right")
    for item in conversion.ranges:
        table.add_row(
            escape(item.name),
            f"{item.low:.6g}",
            f"{item.high:.6g}",
            f"{item.scale:.6g}",
            str(item.zero_point),
        )
    return table
