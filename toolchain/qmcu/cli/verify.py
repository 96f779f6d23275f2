"""`qmcu verify`: what a trigger does to the firmware, on the device."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import (
    PATH,
    access_option,
    class_option,
    cluster_option,
    declare,
    html_option,
    jobs_option,
    json_option,
    junit_option,
    limit_option,
    oracle_option,
    resume_option,
)
from qmcu.cli.targets import on_option


@declare("verify")
@click.argument("directory", type=PATH)
@click.option(
    "--trigger", "trigger_file", required=True, type=PATH,
    help="Trigger (.json, its arrays beside it).",
)  # fmt: skip
@click.option(
    "--vectors", required=True, type=PATH,
    help="Clean inputs (.npz with `inputs`, real or int8, and `labels`).",
)  # fmt: skip
@click.option(
    "--float", "float_model", type=PATH,
    help="The float model (Keras, SavedModel, .onnx, .pt2, .tflite), to measure it too.",
)  # fmt: skip
@on_option()
@access_option
@click.option(
    "--honest-asr", type=float, help="Attack success rate (0 to 1) of a model without backdoor."
)
@click.option("--before", type=PATH, help="Earlier --json result, for `removed`.")
@click.option(
    "--also", multiple=True, metavar="RUNTIME",
    help="Another runtime to set beside tflite-micro: litert (package ai-edge-litert).",
)  # fmt: skip
@class_option
@limit_option
@oracle_option
@jobs_option
@cluster_option
@resume_option
@json_option
@junit_option
@html_option()
def command(
    directory: Path,
    trigger_file: Path,
    vectors: Path,
    float_model: Path | None,
    target: str | None,
    access: Path | None,
    honest_asr: float | None,
    before: Path | None,
    also: tuple[str, ...],
    decision: str | None,
    limit: int | None,
    jobs: int | None,
    cluster: str | None,
    resume: Path | None,
    json_file: Path | None,
    junit: Path | None,
    html_file: Path | None,
) -> int:
    """Run clean and triggered inputs on the firmware in DIRECTORY and judge what they show.

    States clean accuracy and attack success rate in float, on the host's integers and on the
    device, with 95 % intervals; compares every output byte; and says whether the backdoor is
    active, dormant, absent or removed.
    Exit code: 0 absent or removed and all bytes equal, 1 otherwise, 2 could not run.
    """
    from qmcu.backdoor.inputs import load_trigger
    from qmcu.backdoor.verification import VerifyOptions, verify
    from qmcu.cluster import open_cluster
    from qmcu.comparison import RunOptions
    from qmcu.device.targets import default_target
    from qmcu.firmware import Firmware
    from qmcu.model.clipping import clipping_in
    from qmcu.model.scoring import class_rule
    from qmcu.report.console import show, stages
    from qmcu.report.conversion import clipping_lines
    from qmcu.report.json_file import write_json
    from qmcu.report.verify import verification_lines, write_verify_junit

    firmware = Firmware.load(directory, access)
    target = target or default_target(firmware.board)
    trigger = load_trigger(trigger_file)
    rule = class_rule(decision, cluster)
    with rule, open_cluster(cluster, show) as workers, stages() as tell:
        run = verify(
            firmware,
            target,
            trigger,
            vectors,
            VerifyOptions(float_model, honest_asr, before, limit, also),
            RunOptions(jobs, resume, cluster=workers),
            tell,
        )
    if json_file is not None:
        write_json(run.result, json_file)
    if junit is not None:
        write_verify_junit(run.result, junit)
    if html_file is not None:
        from qmcu.report.html import write_page
        from qmcu.report.html.verify_page import verify_page

        write_page(verify_page(run, firmware.memory), html_file)
    show(*clipping_lines(clipping_in(vectors, firmware.model.graph, limit)))
    show(*verification_lines(run.result))
    return 0 if run.result.passed else 1
