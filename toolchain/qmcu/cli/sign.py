"""`qmcu sign`: what led to an image, signed."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, declare


@declare("sign")
@click.argument("directory", type=PATH)
@click.option("--key", required=True, type=PATH, help="Private key (PEM): ed25519 or P-256.")
@click.option(
    "--material", "materials", multiple=True, metavar="ROLE=FILE",
    help="A file that led to the image, such as float=model.keras or calibration=train.npz.",
)  # fmt: skip
@click.option(
    "--result", "results", multiple=True, type=PATH,
    help="--json of qmcu test, verify or audit, of this image or model.",
)  # fmt: skip
def command(
    directory: Path, key: Path, materials: tuple[str, ...], results: tuple[Path, ...]
) -> None:
    """Sign the firmware in DIRECTORY, and what is known of it.

    Writes DIRECTORY/trust: a manifest with the SHA-256 of everything that led to the image, an
    ML-BOM (CycloneDX 1.6), and a statement for each result. A password of the key is taken from
    QMCU_KEY_PASSWORD.
    """
    from qmcu.firmware import Firmware
    from qmcu.report.console import show
    from qmcu.trust import load_private, sign_firmware
    from qmcu.trust.signing import parse_materials

    firmware, private = Firmware.load_all(directory)[0], load_private(key)
    written = sign_firmware(firmware, private, parse_materials(materials), results)
    show(f"signed {directory} with {private.public}", *(f"  {path}" for path in written))
