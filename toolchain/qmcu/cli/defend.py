"""`qmcu defend`: quantize a float model so that a backdoor in it does not wake up."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import (
    PATH,
    class_option,
    declare,
    defence_names,
    json_option,
    oracle_option,
    seed_option,
    set_option,
)


@declare("defend", methods=defence_names)
@click.argument("method", required=False)
@click.option("--auto", is_flag=True, help="Try every method; keep the best whose audit passes.")
@click.option("--float", "float_file", required=True, type=PATH,
              help="The float model: Keras, SavedModel, .onnx, .pt2 or .tflite.")  # fmt: skip
@click.option("--calibration", required=True, type=PATH,
              help="An .npz with `inputs`, and `labels` if they are known.")  # fmt: skip
@click.option("-o", "--output", required=True, type=PATH,
              help="The .tflite to write.")  # fmt: skip
@class_option
@set_option
@seed_option
@oracle_option
@click.option("--reference", type=PATH,
              help="Write the float .keras to audit the int8 model against.")  # fmt: skip
@json_option
def command(
    method: str | None,
    auto: bool,
    float_file: Path,
    calibration: Path,
    output: Path,
    decision: str | None,
    assignments: tuple[str, ...],
    seed: int,
    reference: Path | None,
    json_file: Path | None,
) -> int:
    """Quantize a float model by METHOD so that a backdoor in it stays asleep.

    The output is a standard int8 .tflite of the same size with the same operators (16x8 with
    --set activations=16); the integers in it are proved to be the chosen ones, and it is audited.
    Methods: {methods}.
    Exit code: 0 the audit found no backdoor, 1 it did (with --auto: in all of them, and nothing is
    written), 2 it could not run.
    """
    from qmcu.backdoor.defences import defend_file
    from qmcu.backdoor.defences.document import defence_document
    from qmcu.cli.settings import assigned
    from qmcu.errors import UsageError
    from qmcu.files import check_writable
    from qmcu.model.scoring import class_rule
    from qmcu.report.console import show, stages
    from qmcu.report.defend import defended_lines
    from qmcu.report.json_file import write_json

    if auto == (method is not None):
        raise UsageError("give one METHOD or --auto; `qmcu defend --help` lists the methods.")
    if auto and assignments:
        raise UsageError("--set is for one METHOD; --auto tries each with its defaults.")
    check_writable(output, json_file, reference)
    with class_rule(decision), stages() as tell:
        defended = defend_file(
            float_file,
            calibration,
            output,
            method=method,
            settings=assigned(assignments),
            seed=seed,
            stages=tell,
            reference=reference,
        )
    if json_file is not None:
        write_json(defence_document(defended), json_file)
    show(*defended_lines(defended))
    return 0 if defended.passed else 1
