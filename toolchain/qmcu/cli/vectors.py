"""`qmcu vectors`: inputs with their expected outputs."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, batch_option, declare, io_option, limit_option, operator_option


@click.group("vectors")
def command() -> None:
    """Make vector files: inputs with the bytes that a device must answer."""


@declare("make", command)
@click.argument("model", type=PATH)
@click.option(
    "--inputs", required=True, type=PATH,
    help="An .npz with `inputs` (of MODEL's type, or real numbers) and perhaps `labels`.",
)  # fmt: skip
@click.option("-o", "--output", required=True, type=PATH, help="Vector file to write.")
@limit_option
@batch_option
@io_option
@operator_option
@click.option(
    "--steps", type=int,
    help="Inferences in a row between resets of a model that keeps a state [default: all].",
)  # fmt: skip
def make(
    model: Path,
    inputs: Path,
    output: Path,
    limit: int | None,
    batch: int | None,
    io: str,
    steps: int | None,
) -> None:
    """Run MODEL (.tflite) in the tflite-micro interpreter and keep inputs and outputs."""
    from qmcu.builder.firmware import read_file
    from qmcu.compile import refuse_unsupported
    from qmcu.model.reader import parse_model
    from qmcu.model.state import is_stateful
    from qmcu.model.vectors import make_vectors, read_inputs, save_vectors
    from qmcu.report.console import progress, show

    content = read_file(model, batch, io)
    graph = parse_model(content, model.stem, source=str(model))
    refuse_unsupported(graph)
    arrays, labels, triggered = read_inputs(inputs, graph, limit)
    if steps is None:
        steps = len(arrays[0]) if is_stateful(graph) else 1
    with progress("expected bytes", len(arrays[0])) as advance:
        vectors = make_vectors(
            graph, content, arrays, labels=labels, triggered=triggered, steps=steps,
            progress=advance,
        )  # fmt: skip
    save_vectors(vectors, output)
    tagged = "with labels" if labels is not None else "without labels"
    by = vectors.origin.get("expected", "")
    for note in graph.notes:
        show(f"note: {note}")
    show(f"wrote {output}: {vectors}, {tagged}, expected bytes by {by}")
