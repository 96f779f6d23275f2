"""`qmcu vectors`: inputs with their expected outputs."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from qmcu.cli.options import (
    PATH,
    batch_option,
    declare,
    declare_group,
    io_option,
    limit_option,
    operator_option,
    oracle_option,
)
from qmcu.cli.sample_options import sample_options

if TYPE_CHECKING:
    from qmcu.conversion.samples import SampleOptions


@declare_group("vectors")
def command() -> None:
    """Make vector files: inputs with the bytes that a device must answer."""


@declare("make", command)
@click.argument("model", type=PATH)
@click.option(
    "--inputs", required=True, type=PATH,
    help="An .npz with `inputs` (of MODEL's type, or real numbers) and perhaps `labels`, or a "
    "folder of pictures or .wav files.",
)  # fmt: skip
@click.option("-o", "--output", required=True, type=PATH, help="Vector file to write.")
@limit_option
@sample_options
@batch_option
@io_option
@operator_option
@oracle_option
@click.option(
    "--steps", type=int,
    help="Inferences in a row between resets of a model that keeps a state [default: all].",
)  # fmt: skip
def make(
    model: Path,
    inputs: Path,
    output: Path,
    sampling: "SampleOptions",
    batch: int | None,
    io: str,
    steps: int | None,
) -> None:
    """Run MODEL (.tflite) in the oracle and keep inputs with the outputs that it gives."""
    from dataclasses import replace

    from qmcu.builder.firmware import read_file
    from qmcu.compile import refuse_unsupported
    from qmcu.conversion.input_folder import read_input_folder
    from qmcu.model.clipping import clipping_in
    from qmcu.model.reader import parse_model
    from qmcu.model.state import is_stateful
    from qmcu.model.vectors import make_vectors, read_inputs, save_vectors
    from qmcu.report.console import progress, show
    from qmcu.report.conversion import clipping_lines

    content = read_file(model, batch, io)
    graph = parse_model(content, model.stem, source=str(model))
    refuse_unsupported(graph)
    limit = sampling.limit
    if inputs.is_dir():
        arrays, labels, clipping, said = read_input_folder(inputs, graph, content, sampling)
        triggered = None
    else:
        arrays, labels, triggered = read_inputs(inputs, graph, limit)
        clipping, said = clipping_in(inputs, graph, limit), ""
    if steps is None:
        steps = len(arrays[0]) if is_stateful(graph) else 1
    with progress("expected bytes", len(arrays[0])) as advance:
        vectors = make_vectors(
            graph, content, arrays, labels=labels, triggered=triggered, steps=steps,
            progress=advance,
        )  # fmt: skip
    if said:
        vectors = replace(vectors, origin={**vectors.origin, "inputs": said})
    save_vectors(vectors, output)
    tagged = "with labels" if labels is not None else "without labels"
    by = vectors.origin.get("expected", "")
    for note in graph.notes:
        show(f"note: {note}")
    show(*clipping_lines(clipping))
    if said:
        show(f"inputs: {said}")
    show(f"wrote {output}: {vectors}, {tagged}, expected bytes by {by}")
