"""A policy file: what must hold of a firmware before it is written to a board.

signed_by = ["release.pub"]       # public keys, relative to this file; one of them signed
boards = ["stm32f746"]            # the boards that may be flashed
audit = ["clean"]                 # verdicts of `qmcu audit` that are good enough
verify = ["absent", "removed"]    # the same of `qmcu verify`; every one must be
materials = ["float", "calibration"]   # what the manifest must name
release = true                    # built with --release
model_sha256 = "..."              # exactly this model; of several in one image a list of all

Of an image of several models each needs results of its own; materials of one are float-NAME.

[test]                            # a result of `qmcu test` with all bytes equal
vectors = 100                     # at least so many
on = ["stm32f746"]                # on one of these boards
device = "serial"                 # unicorn, qemu, renode or serial: where it ran
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from qmcu.errors import CheckFailedError, UsageError
from qmcu.files import read_toml
from qmcu.firmware import Firmware
from qmcu.text import nearest
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
    model_sha256: Sha256 | tuple[Sha256, ...] | None = None
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
            f"{firmware.root} does not keep the policy {policy.path}{more}: "
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
    together = firmware.together()
    for one in together:
        whose = f" of {one.plan.name}" if len(together) > 1 else ""
        yield from _verdicts(demands, one.plan.model_sha256, whose, trusted)
    names = tuple(one.plan.name for one in together) if len(together) > 1 else ()
    yield from _other_files(trusted)
    missing = [m for m in demands.materials if not _is_named(m, names, trusted.materials)]
    if missing:
        yield f"materials: the manifest does not name {' and '.join(missing)}"
    if demands.release and not trusted.release:
        yield "release = true: it was built without --release"
    asked, models = demands.model_sha256, [one.plan.model_sha256 for one in together]
    allowed = (asked,) if isinstance(asked, str) else asked or ()
    if allowed and set(allowed) != set(models):
        told = " and ".join(digest[:16] for digest in models)
        is_or_are = "the model is" if len(models) == 1 else "the models are"
        yield f"model_sha256 = {', '.join(a[:16] for a in allowed)}: {is_or_are} {told}"


def _verdicts(demands: Demands, model: str, whose: str, trusted: Trusted) -> Iterator[str]:
    """What results of one model of the image lack; `whose` says which where there are several."""
    about = [e for e in trusted.evidence if e.is_about(model)]
    for kind, good in (("audit", demands.audit), ("verify", demands.verify)):
        if good:
            found = [str(e.result.get("verdict")) for e in about if e.kind == kind]
            bad = [verdict for verdict in found if verdict not in good]
            if bad or not found:
                of = whose or " of this model"
                there = f"the verdict{whose} is {bad[0]}" if bad else f"no {kind}{of} is signed"
                yield f"{kind} = {', '.join(good)}: {there}"
    if demands.test is not None:
        tests = [t for e in about for t in e.tests if t.get("model_sha256") == model]
        problems = [_test_problem(demands.test, test) for test in tests]
        if all(problems):
            missing = f"no test{whose or ' of this image'} is signed"
            yield f"test: {problems[0]}{whose}" if problems else f"test: {missing}"


def _is_named(role: str, names: Sequence[str], materials: Mapping[str, str]) -> bool:
    """Whether the manifest names a material, of several models for all together or for each."""
    each = bool(names) and all(f"{role}-{name}" in materials for name in names)
    return role in materials or each


def _other_files(trusted: Trusted) -> Iterator[str]:
    """Audits of a float model other than those that the manifest names."""
    named = [d for r, d in trusted.materials.items() if r == "float" or r.startswith("float-")]
    for evidence in trusted.evidence:
        audited = evidence.signed.statement.digest("float")
        if named and audited and audited not in named:
            yield (
                f"{evidence.kind}: {evidence.signed.path.name} is of the float model "
                f"{audited[:16]}, the manifest names {' and '.join(d[:16] for d in named)}"
            )


def _test_problem(demand: TestDemand, result: Mapping[str, Any]) -> str:
    """Why a test is not good enough, or an empty text."""
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


def _count(result: Mapping[str, Any]) -> int:
    found = result.get("vectors")
    return found if isinstance(found, int) else 0
