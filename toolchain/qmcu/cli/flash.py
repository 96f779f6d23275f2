"""`qmcu flash`: the image onto the board."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, declare


@declare("flash")
@click.argument("directory", type=PATH)
@click.option("--tool", help="Flashing tool [default: the board's first that is installed].")
@click.option("--probe", help="Serial number of the probe, folder of its drive, or HOST:PORT.")
@click.option("--port", help="Serial port or auto: the firmware confirms itself there.")
@click.option("--dry-run", is_flag=True, help="Print the commands; start nothing.")
@click.option("--policy", type=PATH, help="Policy file (.toml) that the firmware must keep.")
@click.option("--force", is_flag=True, help="Write without comparing the chip's or board's id.")
def command(
    directory: Path, tool: str | None, probe: str | None, port: str | None, dry_run: bool,
    policy: Path | None, force: bool,
) -> None:  # fmt: skip
    """Write the firmware in DIRECTORY to the board, and verify it.

    The chip is identified first and nothing is written to another one. Exit code: 0 written and
    verified, 1 written but not confirmed, or a line of the policy is unmet and nothing written, 2
    could not be done.
    """
    from qmcu.flash import flash_firmware, prepare
    from qmcu.report.console import say, show
    from qmcu.report.flash import command_lines, result_lines

    prepared = prepare(directory, tool=tool, probe=probe, port=port, force=force, dry_run=dry_run)
    if policy is not None:
        from qmcu.trust import load_policy
        from qmcu.trust.policy import require

        trusted = require(load_policy(policy), prepared.job.firmware, prepared.job.files)
        say(f"{policy} is kept: signed by {trusted.manifest.signer}")
    if dry_run:
        show(*command_lines(prepared))
        return
    result = flash_firmware(prepared, tell=say)
    show(*result_lines(result))
