"""`qmcu evidence`: signed results of runs elsewhere."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, declare, declare_group
from qmcu.cli.trust import KEYS


@declare_group("evidence")
def command() -> None:
    """Signed results of qmcu test, verify and audit."""


@declare("sign", command)
@click.argument("file", type=PATH)
@click.option("--key", required=True, type=PATH, help="Private key (PEM): ed25519 or P-256.")
def sign(file: Path, key: Path) -> None:
    """Sign a result in FILE (--json of qmcu test, verify or audit); .dsse.json beside it."""
    from qmcu.report.console import show
    from qmcu.trust import load_private, sign_result

    private = load_private(key)
    show(f"signed {sign_result(file, private)} with {private.public}")


@declare("verify", command)
@click.argument("file", type=PATH)
@KEYS
@click.option("--firmware", type=PATH, help="The result must be of this directory's image.")
def verify(file: Path, keys: tuple[Path, ...], firmware: Path | None) -> None:
    """Check a signed result in FILE and show what it says.

    Exit code: 0 it is signed as it is, 1 it is not, 2 it is none.
    """
    from qmcu.firmware import Firmware
    from qmcu.report.console import show
    from qmcu.report.trust import evidence_lines
    from qmcu.trust import load_public, verify_evidence
    from qmcu.trust.verifying import refuse_other

    found = verify_evidence(file, [load_public(path) for path in keys])
    if firmware is not None:
        refuse_other(found, Firmware.load_all(firmware)[0])
    show(*evidence_lines(found))
