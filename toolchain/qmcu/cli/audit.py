"""`qmcu audit`: does quantization wake something up in this model?"""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from qmcu.cli.options import (
    PATH,
    class_option,
    cluster_option,
    custom_option,
    declare,
    html_option,
    json_option,
    oracle_option,
    sarif_option,
    seed_option,
    signature_option,
    trust_option,
)

if TYPE_CHECKING:
    from qmcu.conversion.files import OpenOptions


@declare("audit")
@click.option("--float", "float_file", type=PATH,
              help="The float model (Keras, .onnx, .pt2, .tflite), or a folder.")  # fmt: skip
@click.option("--int8", "integer_file", type=PATH,
              help="The int8 .tflite that would be deployed, or a folder of them.")  # fmt: skip
@click.option("--data", type=PATH,
              help="An .npz with `inputs` and maybe `labels`: it makes it sharper.")  # fmt: skip
@click.option("--calibration", type=PATH,
              help="An .npz with all `inputs` that the --int8 file was calibrated with, and no "
              "others: its ranges then tell of its rounding.")  # fmt: skip
@click.option("--output", metavar="NAME",
              help="Of several outputs this one, its name or number [default: each; the worst "
              "counts].")  # fmt: skip
@click.option("--deep", is_flag=True, help="Run slow detectors too (a minute or more).")
@signature_option
@custom_option
@trust_option
@class_option
@seed_option
@oracle_option
@cluster_option
@json_option
@sarif_option
@html_option()
def command(
    float_file: Path | None,
    integer_file: Path | None,
    data: Path | None,
    calibration: Path | None,
    output: str | None,
    deep: bool,
    signature: str | None,
    custom: tuple[str, ...],
    trust: bool,
    decision: str | None,
    seed: int,
    cluster: str | None,
    json_file: Path | None,
    sarif: Path | None,
    html_file: Path | None,
) -> int:
    """Look for a backdoor that quantization wakes up.

    Works with the float and the int8 model, or one of them; of two folders, files of one name are a
    pair. Exit code: 0 none was found, 1 the
    model is backdoored or the int8 file damaged, 2 it could not be audited.
    """
    from qmcu.conversion.files import OpenOptions
    from qmcu.errors import UsageError
    from qmcu.model.scoring import class_rule

    given = signature is not None or custom or trust
    opening = OpenOptions(signature, trust, custom) if given else None
    with class_rule(decision, cluster):
        if integer_file is not None and integer_file.is_dir():
            if calibration is not None:
                raise UsageError("--calibration is of one model; audit the folder's one by one.")
            return _folder(integer_file, float_file, data, deep, seed, opening, cluster, json_file)
        return _pair(
            (float_file, integer_file, data, calibration), output, deep, seed, opening,
            (json_file, sarif, html_file),
        )  # fmt: skip


def _pair(
    given: "tuple[Path | None, Path | None, Path | None, Path | None]", output: str | None,
    deep: bool, seed: int, opening: "OpenOptions | None",
    written: "tuple[Path | None, Path | None, Path | None]",
) -> int:  # fmt: skip
    """One model, or a pair of it: `given` are float, int8, data and calibration, `written` the
    files of JSON, SARIF and HTML.
    """
    from qmcu.backdoor.detectors import audit_files
    from qmcu.files import check_writable
    from qmcu.model.clipping import clipping_of
    from qmcu.report.audit import audit_lines
    from qmcu.report.console import progress, show
    from qmcu.report.conversion import clipping_lines
    from qmcu.report.html import write_page
    from qmcu.report.html.audit_page import audit_page
    from qmcu.report.json_file import write_json
    from qmcu.report.sarif import write_audit_sarif

    float_file, integer_file, data, calibration = given
    json_file, sarif, html_file = written
    check_writable(json_file, sarif, html_file)
    with progress("auditing", 1) as advance:
        result, context = audit_files(
            float_file, integer_file, data, calibration=calibration,
            output=output, slow=deep, seed=seed, opening=opening, progress=advance,
        )  # fmt: skip
    if json_file is not None:
        write_json(result, json_file)
    if sarif is not None:
        write_audit_sarif(result, sarif)
    if html_file is not None:
        write_page(audit_page(result, context), html_file)
    if integer_file is not None and context.samples is not None and context.graph is not None:
        show(*clipping_lines(clipping_of(*context.given)))
    show(*audit_lines(result))
    return 0 if result.passed else 1


def _folder(
    integers: Path,
    floats: Path | None,
    data: Path | None,
    deep: bool,
    seed: int,
    opening: "OpenOptions | None",
    cluster: str | None,
    json_file: Path | None,
) -> int:
    from qmcu.backdoor.detectors import audit_folder
    from qmcu.cluster import open_cluster
    from qmcu.report.audit import folder_lines
    from qmcu.report.console import progress, show
    from qmcu.report.json_file import write_json

    with open_cluster(cluster, show) as workers, progress("auditing", 1) as advance:
        audits = audit_folder(
            integers,
            floats,
            data,
            slow=deep,
            seed=seed,
            opening=opening,
            cluster=workers,
            progress=advance,
        )
    if json_file is not None:
        write_json(audits, json_file)
    show(*folder_lines(audits))
    if any(not result.passed for result in audits.results.values()):
        return 1
    return 2 if audits.failed else 0
