"""`qmcu test`: run firmware on a device and compare every output byte."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from qmcu.cli.options import (
    PATH,
    access_option,
    cluster_option,
    decision_option,
    declare,
    html_option,
    jobs_option,
    json_option,
    junit_option,
    operator_option,
    oracle_option,
    resume_option,
    sarif_option,
    seed_option,
)
from qmcu.cli.targets import on_option

if TYPE_CHECKING:
    from qmcu.comparison import TestResult

DEFAULT_RANDOM = 20


@declare("test")
@click.argument("directory", required=False, type=PATH)
@on_option()
@click.option(
    "--model", metavar="NAME", help="Of several models in the image, this one [default: all]."
)
@access_option
@click.option("--vectors", "file", type=PATH, help="Vector file (.npz).")
@click.option("--random", "count", type=int, help="Number of random inputs [default: 20].")
@click.option(
    "--steps", type=int,
    help="Inferences in a row of each, of a model that keeps a state [default: 8].",
)  # fmt: skip
@seed_option
@operator_option
@oracle_option
@jobs_option
@cluster_option
@resume_option
@json_option
@junit_option
@sarif_option
@html_option()
@click.option("--sign", "key", type=PATH, help="Private key: signs --json, .dsse.json beside it.")
@decision_option
@click.option("--trace", is_flag=True, help="Find the first layer that differs.")
@click.option("--profile", "layers", is_flag=True, help="Show the count of each layer.")
def command(
    directory: Path | None,
    target: str | None,
    model: str | None,
    access: Path | None,
    file: Path | None,
    count: int | None,
    steps: int | None,
    seed: int,
    jobs: int | None,
    cluster: str | None,
    resume: Path | None,
    json_file: Path | None,
    junit: Path | None,
    sarif: Path | None,
    html_file: Path | None,
    key: Path | None,
    decision: str | None,
    trace: bool,
    layers: bool,
) -> int:
    """Run the firmware in DIRECTORY on vectors and compare every output byte.

    Without DIRECTORY it is the one that `qmcu build` makes of ./qmcu.toml.
    Without --vectors and --random the vectors of ./qmcu.toml are taken, else random ones.
    Several models in one image run in turn, an inference of each, on random inputs.
    Exit code: 0 all equal, 1 some differ, 2 could not run.
    """
    from qmcu.cli.options import signer
    from qmcu.cluster import open_cluster
    from qmcu.comparison import RunOptions, run_in_turn, run_vectors
    from qmcu.device.targets import default_target
    from qmcu.errors import UsageError
    from qmcu.firmware import Firmware
    from qmcu.model.custom import check_operators
    from qmcu.model.scoring import parse_decision
    from qmcu.model.vectors import load_vectors, random_vectors
    from qmcu.project import load_project, project_firmware
    from qmcu.report.console import progress, show

    if file is not None and count is not None:
        raise UsageError("--vectors and --random exclude each other; give one.")
    if file is not None and steps is not None:
        raise UsageError("a vector file states its steps; --steps is for random inputs.")
    sign = signer(key, json_file)
    directory = directory or project_firmware()
    loaded = Firmware.load_all(directory, model, access)
    firmware = loaded[0]
    target = target or default_target(firmware.board)
    if len(loaded) > 1:
        one = {"--vectors": file, "--resume": resume, "--cluster": cluster, "--trace": trace,
               "--decision": decision}  # fmt: skip
        for option, given in one.items():
            if given:
                names = ", ".join(each.plan.name for each in loaded)
                raise UsageError(f"{option} is for one model; add --model NAME, of {names}.")
        check_operators(firmware.root)
        many = DEFAULT_RANDOM if count is None else count
        results = run_in_turn(loaded, target, many, steps, seed, progress)
        _write(results, json_file, junit, sarif, html_file)
        return _tell(results, layers, sign(json_file) if json_file is not None else ())
    if file is None and count is None:
        project = load_project(Path())
        file = project.vectors if project is not None else None
    graph, content = firmware.model
    if file is not None:
        vectors, source = load_vectors(file, graph), str(file)
    else:
        count = DEFAULT_RANDOM if count is None else count
        check_operators(firmware.root)
        with progress("expected bytes", count) as advance:
            vectors = random_vectors(
                graph, content, count, seed=seed, steps=steps, progress=advance
            )
        what = "inputs" if vectors.steps == 1 else "sequences"
        source = f"{count} random {what}, seed {seed}"
    with (
        open_cluster(cluster, show) as workers,
        progress(f"running on {target}", len(vectors)) as advance,
    ):
        rule = None if decision is None else parse_decision(decision)
        options = RunOptions(jobs, resume, trace, workers, rule)
        result = run_vectors(firmware, target, vectors, source, options, advance)
    _write([result], json_file, junit, sarif, html_file)
    return _tell([result], layers, sign(json_file) if json_file is not None else ())


def _write(
    results: "Sequence[TestResult]",
    json_file: Path | None,
    junit: Path | None,
    sarif: Path | None,
    html_file: Path | None,
) -> None:
    """Write the files that were asked for."""
    from qmcu.comparison import Tests
    from qmcu.report.json_file import write_json
    from qmcu.report.sarif import write_sarif
    from qmcu.report.test_result import write_junit

    if json_file is not None:
        write_json(results[0] if len(results) == 1 else Tests(tuple(results)), json_file)
    if junit is not None:
        write_junit(results, junit)
    if sarif is not None:
        write_sarif(results, sarif)
    if html_file is not None:
        from qmcu.report.html import write_page
        from qmcu.report.html.test_page import test_page

        write_page(test_page(results), html_file)


def _tell(results: "Sequence[TestResult]", layers: bool, signed: Iterable[str]) -> int:
    """Print the results; returns the exit code."""
    from qmcu.report.console import show
    from qmcu.report.test_result import profile_table, test_lines

    show(*signed)
    for result in results:
        show(*test_lines(result))
        if layers and result.profile is not None:
            show(profile_table(result.profile))
    return 0 if all(result.passed for result in results) else 1
