"""`qmcu size`: where every byte of a model file goes, and why it is not smaller."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, declare, html_option, json_option


@declare("size")
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option("--exact", is_flag=True, help="Count levels in every value, not in a sample.")
@click.option("--tensors", is_flag=True, help="Show each tensor.")
@click.option("--board", "board_name",
              help="Build .tflite models for this board too: flash and RAM.")  # fmt: skip
@json_option
@html_option()
def command(
    files: tuple[Path, ...],
    exact: bool,
    tensors: bool,
    board_name: str | None,
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Weigh FILES: bytes by role, stored and effective bits, and why they are so large.

    Reads .tflite, .keras, .h5, SavedModel folders, .onnx, .safetensors, .pt, .pth and .npz, and
    runs nothing that is in them. Several files are compared; with --board, on the device too.
    """
    from qmcu.benchmark.footprint import measure_all
    from qmcu.board import load_board
    from qmcu.report.console import show, stages
    from qmcu.report.json_file import write_json
    from qmcu.report.size import comparison_table, how_lines, measures_table, size_lines
    from qmcu.size.analysis import weigh
    from qmcu.size.document import size_document
    from qmcu.size.verdict import judge

    board = load_board(board_name) if board_name is not None else None
    reports = []
    with stages() as tell:
        for path in files:

            def progress(done: int, total: int, name: str = path.name) -> None:
                tell(name, done, total)

            reports.append(weigh(path, exact=exact, progress=progress))
    verdicts = [judge(report) for report in reports]
    wanted = board is not None or len(reports) > 1
    measures = [measure_all(report, board) for report in reports] if wanted else []
    if json_file is not None:
        write_json(size_document(reports, verdicts, measures), json_file)
    if html_file is not None:
        from qmcu.report.html import write_page
        from qmcu.report.html.size_page import size_page

        write_page(size_page(reports, verdicts, measures), html_file)
    for report, verdict in zip(reports, verdicts, strict=True):
        show(*size_lines(report, verdict, tensors=tensors))
    if len(reports) > 1:
        show(comparison_table(reports))
    if measures:
        show(measures_table(reports, measures), *how_lines(measures))
