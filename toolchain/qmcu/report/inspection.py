"""Tables of what is in a model."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from qmcu.model.inspect import Inspection, TensorSummary
from qmcu.report.plain import PlainTable, line, lines_of


def inspection_tables(inspection: Inspection, problems: Sequence[str]) -> Iterator[RenderableType]:
    """The model's inputs and outputs, its operators, its sums, and what cannot be compiled.

    Types are shown where they are not int8.
    """
    yield line((inspection.name, "bold"), f", sha256 {inspection.sha256}")
    for role, tensors, names in (
        ("input", inspection.inputs, inspection.input_names),
        ("output", inspection.outputs, inspection.output_names),
    ):
        for position, tensor in enumerate(tensors):
            name = f"{names[position]} ({tensor.name})" if names else tensor.name
            yield f"  {role} {name}: {_shape(tensor)} {_quantization(tensor)}"
    for note in inspection.notes:
        yield f"  {note}"
    yield _operators(inspection)
    yield (
        f"{inspection.macs:,} multiply-accumulates, {inspection.parameters:,} parameters in "
        f"{inspection.weight_bytes:,} bytes, at least {inspection.arena_lower_bound:,} bytes of "
        "arena with whole tensors (all counted in the file)"
    )
    if inspection.subgraphs > 1:
        yield f"{inspection.subgraphs} subgraphs; the first is shown"
    if not problems:
        yield line(("qmcu can compile this model", "green"))
        return
    yield from _problems(problems)


def kinds_lines(
    name: str, kinds: Sequence[Sequence[str]], problem: str
) -> Iterator[RenderableType]:
    """What is left to say of a model that cannot be read: its operators by subgraph, and why."""
    yield line((name, "bold"))
    for index, own in enumerate(kinds):
        counted = ", ".join(f"{n} {kind}" for kind, n in Counter(own).most_common())
        yield f"  subgraph {index}: {counted or 'no operators'}"
    yield from _problems([problem])


def _problems(problems: Sequence[str]) -> Iterator[RenderableType]:
    yield line(("qmcu cannot compile this model", "red"), f" ({len(problems)}):")
    for problem in problems:
        yield f"  {problem}"


def _operators(inspection: Inspection) -> PlainTable:
    table = PlainTable("#", "operator", "inputs", "weights", "output", "output quantization")
    table.add_numbers("MACs", "parameters", "live bytes")
    for operator in inspection.operators:
        constants = [t for t in operator.inputs if t.constant]
        first = operator.outputs[0] if operator.outputs else None
        table.add_row(
            str(operator.index),
            operator.kind,
            lines_of(*(_shape(t) for t in operator.inputs if not t.constant)),
            _weights(constants[0]) if constants else "",
            lines_of(*(_shape(t) for t in operator.outputs)),
            _quantization(first) if first is not None else "",
            f"{operator.macs:,}" if operator.macs else "",
            f"{operator.parameters:,}" if operator.parameters else "",
            f"{operator.live_bytes:,}",
        )
    return table


def _shape(tensor: TensorSummary) -> str:
    shape = "x".join(map(str, tensor.shape)) or "scalar"
    return shape if tensor.dtype == "int8" else f"{tensor.dtype} {shape}"


def _weights(tensor: TensorSummary) -> str:
    kind = f"{tensor.channels} scales" if tensor.channels > 1 else "1 scale"
    return f"{_shape(tensor)}, {kind}" if tensor.channels else _shape(tensor)


def _quantization(tensor: TensorSummary) -> str:
    if tensor.scale is not None:
        return f"{tensor.scale:.6g} * (q - {tensor.zero_point})"
    return f"{tensor.channels} channels" if tensor.channels else "none"
