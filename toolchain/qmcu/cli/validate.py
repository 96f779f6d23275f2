"""`qmcu validate`: does a real board behave as its board file says?"""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, access_option, declare, json_option, seed_option
from qmcu.cli.targets import on_option


@declare("validate")
@click.argument("directory", type=PATH)
@on_option()
@access_option
@click.option("--random", "count", type=click.IntRange(min=1), default=50, show_default=True,
              help="Random inputs whose outputs are compared.")  # fmt: skip
@seed_option
@click.option("--by", default="", help="Who runs it, for the table of docs/HARDWARE.md.")
@click.option("--reset", is_flag=True, help="Ask for the reset button, too.")
@json_option
@click.option("--sign", "key", type=PATH, help="Private key: signs --json, .dsse.json beside it.")
def command(
    directory: Path,
    target: str | None,
    access: Path | None,
    count: int,
    seed: int,
    by: str,
    reset: bool,
    json_file: Path | None,
    key: Path | None,
) -> int:
    """Check a real board against its board file: image, bytes, cycles, clock, bit rates, reset.

    The board runs the firmware in DIRECTORY already (`qmcu flash`). --json keeps the result, --sign
    says who made it; docs/HARDWARE.md says how to send it. Exit code: 0 nothing is wrong, 1
    something is, 2 the board could not be talked to.
    """
    from qmcu.cli.options import signer
    from qmcu.firmware import Firmware
    from qmcu.report.console import show, stages
    from qmcu.report.json_file import write_json
    from qmcu.report.validation import validation_lines
    from qmcu.validation import ValidateOptions, validate

    sign = signer(key, json_file)
    firmware = Firmware.load(directory, access)
    options = ValidateOptions(count, seed, by, show if reset else None)
    with stages() as tell:
        result = validate(firmware, target or "serial:auto", options, tell)
    if json_file is not None:
        write_json(result, json_file)
        show(*sign(json_file))
    show(*validation_lines(result))
    return 0 if result.passed else 1
