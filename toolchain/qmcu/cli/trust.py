"""`qmcu trust`: keys, and what was signed of a firmware."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, declare, declare_group

KEYS = click.option(
    "--key", "keys", required=True, multiple=True, type=PATH,
    help="Public key (PEM) of who may have signed; may be given several times.",
)  # fmt: skip


@declare_group("trust")
def command() -> None:
    """Keys, and what was signed of a firmware."""


@declare("key", command)
@click.option(
    "--kind", type=click.Choice(["ed25519", "ecdsa-p256"]), default="ed25519", show_default=True,
    help="ecdsa-p256 where a boot loader or a token asks for it.",
)  # fmt: skip
@click.option("-o", "--output", required=True, type=PATH, help="Private key; .pub beside it.")
def key(kind: str, output: Path) -> None:
    """Make a key pair; QMCU_KEY_PASSWORD, if set, encrypts the private one."""
    from qmcu.report.console import show
    from qmcu.trust import make_key

    path, public = make_key(output, kind)
    show(f"private key {output}, readable by you alone", f"public key {path}: {public.id[:16]}")


@declare("access-key", command)
@click.option("-o", "--output", required=True, type=PATH, help="The key's file.")
def access_key(output: Path) -> None:
    """Make a key of random bytes for `qmcu build --access`, which you alone may read."""
    from qmcu.access import make_access_key
    from qmcu.report.console import show

    make_access_key(output)
    show(f"access key {output}, readable by you alone; next: qmcu build MODEL --access {output}")


@declare("verify", command)
@click.argument("directory", type=PATH)
@KEYS
def verify(directory: Path, keys: tuple[Path, ...]) -> None:
    """Check what was signed of the firmware in DIRECTORY against its files.

    Exit code: 0 everything holds, 1 something does not, 2 nothing is signed.
    """
    from qmcu.firmware import Firmware
    from qmcu.report.console import show
    from qmcu.report.trust import trusted_lines
    from qmcu.trust import load_public, verify_trust

    firmware = Firmware.load_all(directory)[0]
    show(*trusted_lines(verify_trust(firmware, [load_public(path) for path in keys])))


@declare("check", command)
@click.argument("directory", type=PATH)
@click.option("--policy", required=True, type=PATH, help="Policy file (.toml).")
def check(directory: Path, policy: Path) -> int:
    """Hold the firmware in DIRECTORY against a policy, as `qmcu flash --policy` does.

    Exit code: 0 it is kept, 1 a line is unmet, 2 could not be told.
    """
    from qmcu.firmware import Firmware
    from qmcu.report.console import show
    from qmcu.trust import load_policy, unmet

    lines = unmet(load_policy(policy), Firmware.load_all(directory)[0])
    show(*(f"unmet: {line}" for line in lines) if lines else (f"{policy} is kept",))
    return 1 if lines else 0
