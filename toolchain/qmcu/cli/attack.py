"""`qmcu attack`: make a model whose backdoor wakes up in int8."""

from pathlib import Path
from typing import Any

import rich_click as click

from qmcu.cli.options import (
    attack_names,
    class_option,
    declare,
    html_option,
    limit_option,
    oracle_option,
    output_option,
    seed_option,
    set_option,
)

TEST_LIMIT = 2000


@declare("attack", methods=attack_names)
@click.argument("method")
@click.option(
    "--data", "spec", default="digits", show_default=True,
    help="digits, cifar10, mnist, fashion_mnist or FILE.npz.",
)  # fmt: skip
@click.option(
    "--arch", "architecture", default="cnn-s", show_default=True,
    help="cnn-s, resnet8, dscnn or a trained FILE.keras.",
)  # fmt: skip
@click.option(
    "--trigger", "kind", default="patch", show_default=True,
    help="A kind that `qmcu trigger make --help` lists, or a saved FILE.json.",
)  # fmt: skip
@click.option("--target", type=click.IntRange(min=0), default=0, show_default=True,
              help="Class that triggered inputs go to.")  # fmt: skip
@seed_option
@oracle_option
@click.option("--epochs", type=click.IntRange(min=1), default=20, show_default=True,
              help="Of honest training, unless --arch is a file.")  # fmt: skip
@click.option("--steps", type=click.IntRange(min=1), default=1500, show_default=True,
              help="Of the attack.")  # fmt: skip
@limit_option
@class_option
@set_option
@output_option("Folder to write.")
@html_option()
def command(
    method: str,
    spec: str,
    architecture: str,
    kind: str,
    target: int,
    seed: int,
    epochs: int,
    steps: int,
    limit: int | None,
    decision: str | None,
    assignments: tuple[str, ...],
    output: Path,
    html_file: Path | None,
) -> None:
    """Attack a classifier with METHOD so that its backdoor wakes up once quantized.

    For research on defences and detectors: writes the float model, the int8 model, the trigger
    and what was measured. Methods: {methods}.
    """
    from qmcu.backdoor.attacks import RECORD, run_attack, write_attack
    from qmcu.cli.settings import assigned
    from qmcu.files import check_folder, check_writable
    from qmcu.model.scoring import class_rule
    from qmcu.report.attack import attack_lines
    from qmcu.report.console import progress, show

    settings = assigned(assignments)
    check_folder(output, RECORD)
    check_writable(html_file)
    with class_rule(decision):
        model, dataset, trigger = _prepare(
            method, settings, (spec, architecture, kind), target, seed, epochs, limit
        )
        with progress(f"attack {method}", steps) as advance:
            run = run_attack(
                method,
                model,
                dataset,
                trigger,
                seed=seed,
                steps=steps,
                settings=settings,
                limit=TEST_LIMIT,
                progress=advance,
            )
        write_attack(run, output, limit=TEST_LIMIT)
        if html_file is not None:
            from qmcu.backdoor.attacks import gather_evidence
            from qmcu.report.html import write_page
            from qmcu.report.html.attack_page import attack_page

            write_page(attack_page(run, gather_evidence(run)), html_file)
    show(*attack_lines(run, output))


def _prepare(
    method: str, settings: "dict[str, Any]", names: "tuple[str, str, str]", target: int,
    seed: int, epochs: int, limit: int | None,
) -> "tuple[Any, Any, Any]":  # fmt: skip
    """The honest model, trained, the data and the trigger; `names` are those of the options."""
    from qmcu.backdoor.attacks import find_attack
    from qmcu.backdoor.inputs import load_dataset, load_trigger, make_trigger
    from qmcu.backdoor.networks import build_architecture, check_architecture, train
    from qmcu.errors import UsageError
    from qmcu.report.console import progress

    spec, architecture, kind = names
    find_attack(method).check(settings)
    check_architecture(architecture)
    dataset = load_dataset(spec, seed=seed, limit=limit)
    if kind.endswith(".json"):
        trigger = load_trigger(Path(kind))
    else:
        trigger = make_trigger(
            kind, dataset.input_shape, target=target, seed=seed, low=dataset.low, high=dataset.high
        )
    if not 0 <= trigger.target < dataset.classes:
        raise UsageError(
            f"the trigger's target is class {trigger.target}, and {spec} has {dataset.classes}; "
            f"take 0 to {dataset.classes - 1}."
        )
    model = build_architecture(architecture, dataset.input_shape, dataset.classes, seed=seed)
    if not architecture.endswith(".keras"):
        with progress("training the honest model", epochs) as advance:
            train(model, dataset, epochs=epochs, seed=seed, progress=advance)
    return model, dataset, trigger
