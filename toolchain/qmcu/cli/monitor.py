"""`qmcu monitor`: limits of usual activations, and a device that is watched by them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from qmcu.cli.options import (
    PATH,
    access_option,
    declare,
    declare_group,
    html_option,
    limit_option,
    output_option,
)

if TYPE_CHECKING:
    from qmcu.device import Session
    from qmcu.firmware import Firmware
    from qmcu.monitor import Reading, Window
    from qmcu.types import Array


@declare_group("monitor")
def command() -> None:
    """What a deployed model usually sees, and whether it still does."""


@declare("fit", command)
@click.argument("model", type=PATH)
@click.option("--data", type=PATH, required=True, help="An .npz with `inputs`, as for training.")
@click.option(
    "--held-out", type=PATH,
    help="An .npz of inputs that the model was not trained with [default: a third of --data].",
)  # fmt: skip
@limit_option
@click.option(
    "--false-alarms", type=click.FloatRange(0, 0.5), default=0.01, show_default=True,
    help="Share of usual inputs that may raise an alarm.",
)  # fmt: skip
@click.option(
    "--budget", type=click.FloatRange(0, 0.5), default=0.01, show_default=True,
    help="Share of an inference's instructions that looking may take (estimated).",
)  # fmt: skip
@output_option("File of limits (.json), for `qmcu build --monitor`.")
def fit(
    model: Path,
    data: Path,
    held_out: Path | None,
    limit: int | None,
    false_alarms: float,
    budget: float,
    output: Path,
) -> None:
    """Learn from inputs what is usual of MODEL's activations.

    MODEL is an int8 .tflite file, or a folder made by `qmcu build`. Alarms begin where few enough
    of the held-out inputs are; a model knows those that it was trained with better than others.
    Exit code: 0, 2 when it cannot be done.
    """
    from qmcu import documents
    from qmcu.builder.firmware import read_file
    from qmcu.files import write_atomic
    from qmcu.model.reader import parse_model
    from qmcu.model.vectors import read_inputs
    from qmcu.monitor import fit_monitor
    from qmcu.report.console import progress, show
    from qmcu.report.monitor import limits_lines

    path = model / "model.tflite" if model.is_dir() else model
    content = read_file(path)
    graph = parse_model(content, path.stem, source=str(path))
    inputs, _, _ = read_inputs(data, graph, limit)
    others = read_inputs(held_out, graph, limit)[0] if held_out is not None else None
    with progress("learning", len(inputs[0])) as advance:
        limits = fit_monitor(
            graph,
            content,
            inputs,
            others,
            false_alarms=false_alarms,
            budget=budget,
            progress=advance,
        )
    write_atomic(output, documents.to_json(limits))
    show(*limits_lines(limits), f"next: qmcu build {path} --monitor {output} --board BOARD")


@declare("watch", command)
@click.argument("directory", type=PATH)
@click.option("--on", "target", help="Where it runs, as for `qmcu test` [default: as there].")
@access_option
@click.option("--data", type=PATH, help="Let it infer these inputs (.npz), so many a reading.")
@click.option(
    "--batch", type=click.IntRange(min=1), default=100, show_default=True,
    help="Inputs of --data a reading.",
)  # fmt: skip
@click.option("--every", type=click.FloatRange(min=0), default=1.0, show_default=True,
              help="Seconds between readings.")  # fmt: skip
@click.option("--count", type=click.IntRange(min=1),
              help="Readings [default: until Ctrl-C, or the end of --data].")  # fmt: skip
@click.option("--log", type=PATH, help="Write a line of JSON a reading here.")
@click.option("--prometheus", type=PATH, help="Keep Prometheus' text here, for its node exporter.")
@html_option("with curves over time")
def watch(
    directory: Path,
    target: str | None,
    access: Path | None,
    data: Path | None,
    batch: int,
    every: float,
    count: int | None,
    log: Path | None,
    prometheus: Path | None,
    html_file: Path | None,
) -> int:
    """Read the counters of a device that runs the firmware in DIRECTORY, built with --monitor.

    Alarms: inputs out of the usual more often than by chance, saturation that calibration never
    had, classes that drift. Exit code: 0 all was as usual, 1 there were alarms, 2 it could not be
    watched.
    """
    from qmcu.codegen.monitor_limits import LIMITS_FILE, load_limits
    from qmcu.device.targets import default_target, open_session
    from qmcu.errors import UsageError
    from qmcu.firmware import Firmware
    from qmcu.monitor import watch as windows_of
    from qmcu.report.console import show
    from qmcu.report.html import write_page
    from qmcu.report.html.monitor_page import monitor_page
    from qmcu.report.monitor import window_table
    from qmcu.report.monitor_files import live_table, write_windows

    firmware = Firmware.load(directory, access)
    if not (directory / LIMITS_FILE).is_file():
        raise UsageError(f"{directory} was built without --monitor; there is nothing to watch.")
    limits = load_limits(directory / LIMITS_FILE)
    batches = _batches(firmware, data, batch)
    if batches:
        count, every = min(count or len(batches), len(batches)), 0.0
    seen: list[Window] = []
    with (
        open_session(target or default_target(firmware.board), firmware) as session,
        live_table(limits) as view,
    ):
        device = f"{session.hello.board}, {session.link.name}"
        try:
            for window in windows_of(_reader(session, batches), limits, count, every):
                seen.append(window)
                view(seen)
                write_windows(limits, seen, log, prometheus)
        except KeyboardInterrupt:
            if not seen:
                raise
    if html_file is not None:
        write_page(monitor_page(limits, seen, device), html_file)
    fired = [alarm for window in seen for alarm in window.judgement.alarms]
    show(window_table(limits, seen), *(f"alarm: {alarm}" for alarm in fired[-5:]))
    return 1 if fired else 0


def _batches(firmware: "Firmware", data: Path | None, size: int) -> "list[list[Sequence[Array]]]":
    """The inputs of --data, so many for each reading; none where it is not given."""
    from qmcu.model.vectors import read_inputs

    if data is None:
        return []
    inputs, _, _ = read_inputs(data, firmware.model.graph)
    rows: list[Sequence[Array]] = [[a[i] for a in inputs] for i in range(len(inputs[0]))]
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _reader(session: "Session", batches: "list[list[Sequence[Array]]]") -> "Callable[[], Reading]":
    """Infers the next batch, if there are any, then reads the counters."""
    from qmcu.monitor.readings import read_counters

    waiting = iter(batches)

    def read() -> "Reading":
        for inputs in next(waiting, []):
            session.infer(inputs)
        return read_counters(session)

    return read
