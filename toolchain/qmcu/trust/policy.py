"""A policy file: what must hold of a firmware before it is written to a board.

signed_by = ["release.pub"]       # public keys, relative to this file; one of them signed
boards = ["stm32f746"]            # the boards that may be flashed
audit = ["clean"]                 # verdicts of `qmcu audit` that are good enough
verify = ["absent", "removed"]    # the same of `qmcu verify`; every one must be
materials = ["float", "calibration"]   # what the manifest must name
release = true                    # built with --release
model_sha256 = "..."              # exactly this model

[test]                            # a result of `qmcu test` with all bytes equal
vectors = 100                     # at least so many
on = ["stm32f746"]                # on one of these boards
device = "serial"                 # unicorn, qemu, renode or serial: where it ran
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from qmcu.errors import CheckFailedError, UsageError
from qmcu.files import read_toml
from qmcu.firmware import Firmware
from qmcu.text import nearest
from qmcu.trust.evidence import Evidence
from qmcu.trust.keys import PublicKey, load_public
from qmcu.trust.verifying import Trusted, verify_trust
from qmcu.types import Count, Sha256

Texts = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class TestDemand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a result of `qmcu test` must be."""

    __test__ = False

    vectors: Count = 1
    on: tuple[str, ...] = ()
    device: str = ""


class Demands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's content, checked."""

    signed_by: Texts
    boards: tuple[str, ...] = ()
    audit: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    release: bool = False
    model_sha256: Sha256 | None = None
    test: TestDemand | None = None


@dataclass(frozen=True)
class Policy:
    """A policy file and the keys that it names."""

    path: Path
    demands: Demands
    keys: tuple[PublicKey, ...]


def load_policy(path: Path) -> Policy:
    """Read a policy. Raises UsageError naming the key that is wrong, or a file that is missing."""
    table = read_toml(path)
    unknown = sorted(set(table) - set(Demands.__struct_fields__))
    if unknown:
        near = nearest(unknown[0], Demands.__struct_fields__)
        raise UsageError(f"{path} has an unknown key {unknown[0]}{near}.")
    try:
        demands = msgspec.convert(table, Demands)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path} is no policy: {error}.") from error
    keys = tuple(load_public(path.parent / name) for name in demands.signed_by)
    return Policy(path, demands, keys)


def unmet(policy: Policy, firmware: Firmware) -> list[str]:
    """What of the policy does not hold, a line each; empty when all does.

    Each line is a key of the file, what it asks for, and what there is instead.
    """
    try:
        trusted = verify_trust(firmware, policy.keys)
    except (CheckFailedError, UsageError) as error:
        names = ", ".join(policy.demands.signed_by)
        return [f"signed_by = {names}: {str(error).rstrip('.')}"]
    return list(_lines(policy.demands, firmware, trusted))


def require(policy: Policy, firmware: Firmware, files: Mapping[str, bytes]) -> Trusted:
    """What is signed of a firmware that keeps the policy; `files` are what is to be written.

    Raises CheckFailedError that lists what is unmet.
    """
    lines = unmet(policy, firmware)
    if lines:
        more = "" if len(lines) == 1 else f" ({len(lines)} lines are unmet)"
        raise CheckFailedError(
            f"{firmware.directory} does not keep the policy {policy.path}{more}: "
            f"{'; '.join(lines)}; nothing was written."
        )
    trusted = verify_trust(firmware, policy.keys)
    for name, content in files.items():
        # Read before the check: what is written is what was signed, whatever the disk says now.
        if trusted.manifest.statement.digest(name) != hashlib.sha256(content).hexdigest():
            raise CheckFailedError(f"{name} is not the one that was signed; nothing was written.")
    return trusted


def _lines(demands: Demands, firmware: Firmware, trusted: Trusted) -> Iterator[str]:
    board = firmware.board.name
    if demands.boards and board not in demands.boards:
        yield f"boards = {', '.join(demands.boards)}: it is for {board}"
    for kind, good in (("audit", demands.audit), ("verify", demands.verify)):
        if good:
            found = [str(e.result.get("verdict")) for e in trusted.evidence if e.kind == kind]
            bad = [verdict for verdict in found if verdict not in good]
            if bad or not found:
                there = f"the verdict is {bad[0]}" if bad else f"no {kind} of this model is signed"
                yield f"{kind} = {', '.join(good)}: {there}"
    yield from _other_files(trusted)
    missing = [m for m in demands.materials if m not in trusted.materials]
    if missing:
        yield f"materials: the manifest does not name {' and '.join(missing)}"
    if demands.release and not trusted.release:
        yield "release = true: it was built without --release"
    model = firmware.plan.model_sha256
    if demands.model_sha256 and demands.model_sha256 != model:
        yield f"model_sha256 = {demands.model_sha256[:16]}: the model is {model[:16]}"
    if demands.test is not None:
        tests = [e for e in trusted.evidence if e.kind == "test"]
        problems = [_test_problem(demands.test, e) for e in tests]
        if all(problems):
            yield f"test: {problems[0] if problems else 'no test of this image is signed'}"


def _other_files(trusted: Trusted) -> Iterator[str]:
    """Audits of a float model other than the one that the manifest names."""
    named = trusted.materials.get("float")
    for evidence in trusted.evidence:
        audited = evidence.signed.statement.digest("float")
        if named and audited and named != audited:
            yield (
                f"{evidence.kind}: {evidence.signed.path.name} is of the float model "
                f"{audited[:16]}, the manifest names {named[:16]}"
            )


def _test_problem(demand: TestDemand, evidence: Evidence) -> str:
    """Why a test is not good enough, or an empty text."""
    result = evidence.result
    board, device, vectors = result.get("board"), str(result.get("device")), _count(result)
    if result.get("passed") is not True or result.get("equal") != vectors:
        return f"only {result.get('equal')} of {vectors} outputs are equal on {board}"
    if vectors < demand.vectors:
        return f"vectors = {demand.vectors}: {vectors} were run"
    if demand.on and board not in demand.on:
        return f"on = {', '.join(demand.on)}: it ran on {board}"
    emulated = device.split(" ")[0] in ("unicorn", "qemu", "renode")
    ran = device.split(" ")[0] if emulated else "serial"
    if demand.device and ran != demand.device:
        return f"device = {demand.device}: it ran on {device}"
    return ""


def _count(result: Any) -> int:
    found = result.get("vectors")
    return found if isinstance(found, int) else 0
