"""Writing DIR/trust: the manifest, the ML-BOM and the signed statements of a firmware directory."""

import hashlib
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qmcu
from qmcu.errors import CheckFailedError, UsageError
from qmcu.files import LIST, read_regular, write_atomic
from qmcu.firmware import Firmware
from qmcu.text import printable
from qmcu.trust.bom import bill_of_materials
from qmcu.trust.envelope import SUFFIX, seal, statement
from qmcu.trust.evidence import IMAGE, model_names, result_statement, stranger
from qmcu.trust.keys import PrivateKey

FOLDER = "trust"
MANIFEST, BOM = f"build{SUFFIX}", "bom.cdx.json"
PROVENANCE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:qmcu:build:v1"
IMAGES = ("firmware.elf", "firmware.bin", "firmware.hex", "firmware.uf2", "firmware-external.bin",
          "firmware-signed.bin", "firmware-signed.hex")  # fmt: skip
# Made anew by each compiler run, and not part of what is deployed.
_IGNORED = ("build/", f"{FOLDER}/", ".pio/")
_MOST_FILES = 10_000


@dataclass(frozen=True)
class Material:
    """A file that led to the image and lies elsewhere: its role, such as float, and its place."""

    role: str
    path: Path


def sign_firmware(
    firmware: Firmware,
    key: PrivateKey,
    materials: Sequence[Material] = (),
    results: Sequence[Path] = (),
) -> list[Path]:
    """Write and sign what is known of `firmware`; returns the files, manifest first.

    Of an image of several models all are signed together, whichever of them `firmware` is.
    `materials` are files that led to the image, `results` JSON files of `qmcu audit`, `verify` and
    `test`. Raises UsageError when one cannot be read, CheckFailedError when one is of another image
    or model.
    """
    for one in firmware.together():
        _ = one.model  # what is signed is what was compiled
    folder = firmware.root / FOLDER
    sums = file_sums(firmware.root)
    given = {m.role: _sum(m.path) for m in materials}
    bom = bill_of_materials(
        firmware, sums, {m.role: (m.path.name, given[m.role]) for m in materials}
    )
    about = {
        IMAGE: firmware.image.sha256,
        **{name: sums[name] for name in model_names(firmware)},
        **{name: digest for name, digest in sums.items() if name in IMAGES},
        BOM: hashlib.sha256(bom.encode()).hexdigest(),
    }
    made = {MANIFEST: statement(PROVENANCE, about, _provenance(firmware, sums, materials, given))}
    for number, path in enumerate(results):
        said = result_statement(path)
        _refuse_other(path, said["subject"], firmware)
        made[f"{number}-{path.name.removesuffix('.json')}{SUFFIX}"] = said
    for old in folder.glob(f"*{SUFFIX}"):
        old.unlink()
    write_atomic(folder / BOM, bom)
    for name, content in made.items():
        write_atomic(folder / name, seal(content, key))
    return [folder / name for name in (*made, BOM)]


def file_sums(directory: Path) -> dict[str, str]:
    """SHA-256 of every file of a firmware directory that counts, by its path in it."""
    found: dict[str, str] = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if name.startswith(_IGNORED) or name == LIST or path.is_symlink() or not path.is_file():
            continue
        if len(found) == _MOST_FILES:
            raise UsageError(f"{directory} has more than {_MOST_FILES:,} files; is it a build?")
        found[name] = _sum(path)
    return found


def _sum(path: Path) -> str:
    if path.is_dir():
        # A SavedModel: the sums of its files, by name.
        inside = file_sums(path)
        text = "".join(f"{digest}  {name}\n" for name, digest in inside.items())
        return hashlib.sha256(text.encode()).hexdigest()
    return hashlib.sha256(read_regular(path)).hexdigest()


def _provenance(
    firmware: Firmware,
    sums: Mapping[str, str],
    materials: Sequence[Material],
    given: Mapping[str, str],
) -> dict[str, object]:
    plan, memory = firmware.plan, firmware.memory
    names = [one.plan.name for one in firmware.together()]
    inputs = [name for name in sums if name not in IMAGES and name != "firmware.map"]
    dependencies = [{"name": n, "digest": {"sha256": sums[n]}} for n in inputs]
    dependencies += [
        {
            "name": m.path.name,
            "digest": {"sha256": given[m.role]},
            "annotations": {"role": m.role},
        }
        for m in materials
    ]
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "board": firmware.board.name,
                **({"model": plan.name} if len(names) == 1 else {"models": names}),
                "kernels": plan.kernels,
                "optimize": plan.optimize,
            },
            "internalParameters": {
                "tools": dict(memory.tools),
                "build_id": firmware.image.build_id,
                "release": firmware.is_release,
            },
            "resolvedDependencies": dependencies,
        },
        "runDetails": {
            "builder": {"id": "urn:qmcu:builder", "version": {"qmcu": qmcu.__version__}},
            "metadata": {"invocationId": firmware.image.build_id},
            "byproducts": [{"name": "host", "annotations": {"python": platform.python_version()}}],
        },
    }


def parse_materials(assignments: Sequence[str]) -> list[Material]:
    """ROLE=FILE each. Raises UsageError."""
    found = []
    for text in assignments:
        role, _, path = text.partition("=")
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", role) or not path:
            raise UsageError(f"--material {text} is no ROLE=FILE, such as float=model.keras.")
        found.append(Material(role, Path(path)))
    twice = [m.role for m in found if sum(o.role == m.role for o in found) > 1]
    if twice:
        raise UsageError(f"--material {twice[0]} is given twice; name the roles apart.")
    return found


def _refuse_other(path: Path, subjects: Sequence[Mapping[str, Any]], firmware: Firmware) -> None:
    """Evidence must be of this image, or of this model."""
    said = {s["name"]: s["digest"]["sha256"] for s in subjects}
    name = stranger(said, firmware)
    if name == "":
        raise CheckFailedError(f"{printable(path)} is about neither this image nor its model.")
    if name is not None:
        ours = [firmware.image.sha256] if name == IMAGE else model_names(firmware).values()
        raise CheckFailedError(
            f"{printable(path)} is of another {'image' if name == IMAGE else 'model'} (SHA-256 "
            f"{said[name][:16]}, this one's is {' or '.join(o[:16] for o in ours)}); it says "
            "nothing of this build."
        )
