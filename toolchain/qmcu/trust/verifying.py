"""Reading DIR/trust again: are the signatures right, and do the files still say the same."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qmcu.errors import CheckFailedError, UsageError
from qmcu.files import read_regular
from qmcu.firmware import Firmware
from qmcu.trust.envelope import SUFFIX, Signed, open_sealed
from qmcu.trust.evidence import IMAGE, Evidence, evidence_of, model_names, stranger
from qmcu.trust.keys import PublicKey
from qmcu.trust.signing import (
    BOM,
    FOLDER,
    MANIFEST,
    PROVENANCE,
    file_sums,
)


@dataclass(frozen=True)
class Trusted:
    """What was signed of a firmware, every signature and every file found right.

    `files` is how many files of the directory the manifest covers; `materials` maps the roles of
    what lies elsewhere to SHA-256 sums.
    """

    manifest: Signed
    evidence: tuple[Evidence, ...]
    files: int
    materials: dict[str, str]
    release: bool


def verify_trust(firmware: Firmware, keys: Sequence[PublicKey]) -> Trusted:
    """Check DIR/trust with these keys.

    Raises CheckFailedError that names the first thing that does not hold, UsageError when there is
    nothing signed.
    """
    folder = firmware.root / FOLDER
    if not (folder / MANIFEST).is_file():
        raise UsageError(
            f"{firmware.root} is not signed (it holds no {FOLDER}/{MANIFEST}); `qmcu sign` does it."
        )
    manifest = open_sealed(folder / MANIFEST, keys)
    said = manifest.statement
    if said.predicate_type != PROVENANCE:
        raise CheckFailedError(f"{manifest.path} is no manifest of a build.")
    _compare(manifest, IMAGE, firmware.image.sha256)
    models = model_names(firmware)
    for name, one in zip(models, firmware.together(), strict=True):
        _compare(manifest, name, hashlib.sha256(one.model.content).hexdigest())
    _compare(manifest, BOM, hashlib.sha256(read_regular(folder / BOM)).hexdigest())
    files, materials = _dependencies(manifest)
    present = file_sums(firmware.root)
    for subject in said.subject:
        if subject.name not in (IMAGE, *models, BOM):
            files[subject.name] = subject.digest.sha256
    for name, digest in files.items():
        if name not in present:
            raise CheckFailedError(f"{firmware.root / name} was signed and is gone.")
        if present[name] != digest:
            raise CheckFailedError(
                f"{firmware.root / name} was changed after it was signed (SHA-256 "
                f"{present[name][:16]} instead of {digest[:16]})."
            )
    found = [
        _evidence(path, keys, firmware)
        for path in sorted(folder.glob(f"*{SUFFIX}"))
        if path.name != MANIFEST
    ]
    return Trusted(manifest, tuple(found), len(files), materials, _is_release(manifest))


def _evidence(path: Path, keys: Sequence[PublicKey], firmware: Firmware) -> Evidence:
    found = evidence_of(open_sealed(path, keys))
    if found is None:
        raise CheckFailedError(f"{path} is signed and no result; remove it.")
    refuse_other(found, firmware)
    return found


def refuse_other(found: Evidence, firmware: Firmware) -> None:
    """Raise CheckFailedError unless a result is of this image, or of a model in it."""
    said = {s.name: s.digest.sha256 for s in found.signed.statement.subject}
    if stranger(said, firmware) is not None:
        raise CheckFailedError(
            f"{found.signed.path} is a result of another image or model than {firmware.root} holds."
        )


def _compare(manifest: Signed, name: str, found: str) -> None:
    wanted = manifest.statement.digest(name)
    if wanted != found:
        raise CheckFailedError(
            f"{manifest.path.parent.parent}: the {name} is not the one that was signed (SHA-256 "
            f"{found[:16]} instead of {wanted[:16] or 'none'})."
        )


def _dependencies(manifest: Signed) -> tuple[dict[str, str], dict[str, str]]:
    """Files of the directory and materials from elsewhere, by name and by role."""
    files: dict[str, str] = {}
    materials: dict[str, str] = {}
    try:
        for item in _definition(manifest)["resolvedDependencies"]:
            role = item.get("annotations", {}).get("role")
            (materials if role else files)[str(role or item["name"])] = item["digest"]["sha256"]
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckFailedError(f"{manifest.path} lacks what a manifest must say.") from error
    return files, materials


def _is_release(manifest: Signed) -> bool:
    inside = _definition(manifest).get("internalParameters")
    return isinstance(inside, dict) and inside.get("release") is True


def _definition(manifest: Signed) -> dict[str, Any]:
    found = manifest.statement.predicate.get("buildDefinition")
    return found if isinstance(found, dict) else {}
