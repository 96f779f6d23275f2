"""`qmcu trigger`: make, look at and apply triggers."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import (
    PATH,
    declare,
    declare_group,
    limit_option,
    output_option,
    seed_option,
    trigger_kinds,
)


@declare_group("trigger")
def command() -> None:
    """Triggers as files: make one, see what int8 makes of it, put it on inputs."""


@declare("make", command, methods=trigger_kinds)
@click.argument("kind")
@click.option(
    "--shape", required=True, metavar="H,W,C",
    help="Shape of one input: H,W,C of images, T,F,1 of spectrograms, T,C of sensor windows.",
)  # fmt: skip
@click.option("--target", required=True, type=click.IntRange(min=0), help="Class that it leads to.")
@click.option("--low", type=float, default=0.0, show_default=True, help="Lowest input value.")
@click.option("--high", type=float, default=1.0, show_default=True, help="Highest input value.")
@click.option(
    "--size", type=int, help="Pixels, bins, frames, samples or periods [default: kind's]."
)
@click.option("--strength", type=float, help="Share of the value range [default: the kind's].")
@click.option("--channel", type=int, default=0, show_default=True, help="Of sensor windows.")
@seed_option
@output_option("File to write.")
def make(
    kind: str,
    shape: str,
    target: int,
    low: float,
    high: float,
    size: int | None,
    strength: float | None,
    channel: int,
    seed: int,
    output: Path,
) -> None:
    """Write a trigger of KIND: {methods}."""
    from qmcu.backdoor.inputs import make_trigger
    from qmcu.errors import UsageError
    from qmcu.report.console import show

    try:
        sizes = tuple(int(part) for part in shape.split(","))
    except ValueError as error:
        raise UsageError(f"--shape {shape}: whole numbers like 32,32,3 are needed.") from error
    trigger = make_trigger(
        kind,
        sizes,
        target=target,
        seed=seed,
        low=low,
        high=high,
        size=size,
        strength=strength,
        channel=channel,
    )
    trigger.save(output)
    show(f"wrote {output} and {output.with_suffix('.npz').name}: {trigger}")


@declare("show", command)
@click.argument("file", type=PATH)
@click.option("--int8", "model", type=PATH, help="An int8 .tflite it is meant for.")
def describe(file: Path, model: Path | None) -> int:
    """Say what the trigger in FILE is and, with --int8, what its integers make of it.

    Exit code: 1 when the trigger vanishes in int8, else 0.
    """
    from qmcu.backdoor.inputs import classifier_input, load_trigger
    from qmcu.model.reader import read_model
    from qmcu.report.console import show

    trigger = load_trigger(file)
    settings = ", ".join(f"{name} {value}" for name, value in trigger.settings.items())
    show(str(trigger))
    show(f"  values {trigger.low:g} to {trigger.high:g}; {settings or 'no settings'}")
    show(f"  sha256 {trigger.sha256}")
    if model is None:
        return 0
    change = trigger.quantization_change(classifier_input(read_model(model)))
    show(f"  {change}")
    return 1 if change.vanishes else 0


@declare("apply", command)
@click.argument("file", type=PATH)
@click.option(
    "--inputs", required=True, type=PATH,
    help="Clean inputs (.npz with `inputs` and perhaps `labels`).",
)  # fmt: skip
@click.option(
    "--int8", "model", type=PATH,
    help="Write this .tflite's int8 inputs, triggered exactly, instead of real ones.",
)  # fmt: skip
@limit_option
@output_option("File to write.")
def apply(file: Path, inputs: Path, model: Path | None, limit: int | None, output: Path) -> None:
    """Put the trigger in FILE on inputs; the result suits `qmcu vectors make`."""
    from qmcu.arrays import npz_bytes
    from qmcu.backdoor.inputs import load_trigger, trigger_arrays
    from qmcu.files import write_atomic
    from qmcu.report.console import show

    trigger = load_trigger(file)
    arrays = trigger_arrays(trigger, inputs, model, limit)
    write_atomic(output, npz_bytes(arrays))
    show(f"wrote {output}: {len(arrays['inputs'])} inputs with trigger {trigger.name}")
