"""`qmcu inspect`: what is in a model."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, declare, json_option


@declare("inspect")
@click.argument("model", type=PATH)
@json_option
def command(model: Path, json_file: Path | None) -> None:
    """Operators, shapes, quantization, MACs, parameters and memory of MODEL (.tflite)."""
    from qmcu.compile import unsupported
    from qmcu.model.inspect import inspect_graph
    from qmcu.model.reader import read_model
    from qmcu.report.console import show
    from qmcu.report.inspection import inspection_tables
    from qmcu.report.json_file import write_json

    graph = read_model(model)
    inspection = inspect_graph(graph)
    problems = unsupported(graph)
    if json_file is not None:
        write_json({**inspection.to_dict(), "unsupported": problems}, json_file)
    show(*inspection_tables(inspection, problems))
