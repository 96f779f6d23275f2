"""`qmcu inspect`: what is in a model."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, batch_option, declare, json_option, operator_option


@declare("inspect")
@click.argument("model", type=PATH)
@json_option
@batch_option
@operator_option
def command(model: Path, json_file: Path | None, batch: int | None) -> int:
    """Operators, shapes, quantization, MACs, parameters and memory of MODEL (.tflite).

    Exit code: 0 qmcu can compile it, 1 it cannot, 2 the file is no model.
    """
    from qmcu.builder.firmware import read_file
    from qmcu.compile import unsupported
    from qmcu.documents import plain
    from qmcu.errors import ModelError
    from qmcu.model.inspect import inspect_graph
    from qmcu.model.reader import operator_kinds, parse_model
    from qmcu.model.unpack import standalone
    from qmcu.report.console import show
    from qmcu.report.inspection import inspection_tables, kinds_lines
    from qmcu.report.json_file import write_json

    content = read_file(model, batch)
    # What is cut off is no model.
    standalone(content, source=str(model))
    kinds = operator_kinds(content, source=str(model))
    try:
        graph = parse_model(content, model.stem, source=str(model))
    except ModelError as error:
        if json_file is not None:
            write_json({"name": model.stem, "unsupported": [str(error)]}, json_file)
        show(*kinds_lines(model.stem, kinds, str(error)))
        return 1
    inspection = inspect_graph(graph)
    problems = unsupported(graph)
    if json_file is not None:
        write_json(plain(inspection) | {"unsupported": problems}, json_file)
    show(*inspection_tables(inspection, problems))
    return 1 if problems else 0
