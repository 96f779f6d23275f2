"""Results of commands as signed statements about what they are of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from qmcu import documents
from qmcu.errors import CheckFailedError, UsageError
from qmcu.files import read_regular, write_atomic
from qmcu.trust.envelope import SUFFIX, Signed, Statement, open_sealed, seal, statement
from qmcu.trust.keys import PrivateKey, PublicKey

TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
AUDIT, VERIFY = "urn:qmcu:audit:v1", "urn:qmcu:verify:v1"
VALIDATION = "urn:qmcu:validation:v1"
# Names of subjects.
IMAGE, MODEL, INTEGER_MODEL, FLOAT_MODEL = "image", "model.tflite", "int8", "float"
_KINDS = {
    "test-1": TEST_RESULT, "audit-1": AUDIT, "verify-1": VERIFY, "validation-1": VALIDATION,
}  # fmt: skip
_COMMANDS = ("test", "audit", "verify", "validate")
# Documents that name image and model themselves.
_OF_AN_IMAGE = ("test-1", "validation-1")
_MOST = 64 << 20


class _Schema(msgspec.Struct):
    schema: str = ""


@dataclass(frozen=True)
class Evidence:
    """What a signed statement says: of which image and model, and the result itself as JSON.

    `result` is the document that the command wrote; `kind` is test, verify, audit or validation.
    """

    kind: str
    signed: Signed
    result: Mapping[str, Any]

    @property
    def outcome(self) -> str:
        """The result in a few words."""
        result = self.result
        if self.kind == "test":
            counts = f"{result.get('equal')} of {result.get('vectors')}"
            return f"{counts} outputs equal on {result.get('board')} ({result.get('device')})"
        if self.kind == "validation":
            outcomes = [c.get("outcome") for c in result.get("checks") or () if isinstance(c, dict)]
            counts = ", ".join(f"{outcomes.count(o)} {o}" for o in ("confirmed", "wrong"))
            return f"{counts} on {result.get('board')}"
        return f"verdict {result.get('verdict')}"

    def __str__(self) -> str:
        return f"{self.kind}: {self.outcome}, signed by {self.signed.signer}"


def result_statement(path: Path) -> dict[str, Any]:
    """The statement about a result's file. Raises UsageError when it is none of a known kind."""
    content = read_regular(path, most=_MOST)
    try:
        schema = documents.parse(content, _Schema).schema
        result = documents.parse(content, dict[str, Any])
    except ValueError as error:
        raise UsageError(f"{path} is no result of qmcu: {error}.") from error
    if schema not in _KINDS:
        known = ", ".join(f"`qmcu {name} --json`" for name in _COMMANDS)
        raise UsageError(f"{path} is no result that can be evidence; take one of {known}.")
    kind = _KINDS[schema]
    subjects = _subjects(schema, result)
    if not subjects:
        raise UsageError(f"{path} does not say which files it is of; run it again with this qmcu.")
    return statement(kind, subjects, _predicate(schema, result, subjects))


def _subjects(schema: str, result: Mapping[str, Any]) -> dict[str, str]:
    if schema == "audit-1":
        sums = result.get("sha256")
        return {k: str(v) for k, v in sums.items()} if isinstance(sums, dict) else {}
    test = result if schema in _OF_AN_IMAGE else result.get("test")
    if not isinstance(test, dict):
        return {}
    found = {IMAGE: test.get("image_sha256"), MODEL: test.get("model_sha256")}
    return {name: str(value) for name, value in found.items() if value}


def _predicate(
    schema: str, result: Mapping[str, Any], subjects: Mapping[str, str]
) -> dict[str, Any]:
    if schema != "test-1":
        return {"result": dict(result)}
    passed = bool(result.get("passed"))
    wrong = [str(d.get("vector")) for d in result.get("differences") or () if isinstance(d, dict)]
    return {
        "result": "PASSED" if passed else "FAILED",
        "configuration": [{"name": n, "digest": {"sha256": d}} for n, d in subjects.items()],
        "failedTests": [f"vector {number}" for number in wrong],
        # Beyond the type's own fields, which it allows: the whole document.
        "qmcu": dict(result),
    }


def sign_result(path: Path, key: PrivateKey) -> Path:
    """Write the signed statement about the result in `path` beside it; returns its file.

    Raises UsageError.
    """
    target = path.with_name(path.name.removesuffix(".json") + SUFFIX)
    write_atomic(target, seal(result_statement(path), key))
    return target


def verify_evidence(path: Path, keys: Sequence[PublicKey]) -> Evidence:
    """A signed result, its signature found right.

    Raises CheckFailedError when it is not, UsageError when the file is none.
    """
    signed = open_sealed(path, keys)
    found = evidence_of(signed)
    if found is None:
        kind = signed.statement.predicate_type[:80]
        raise UsageError(f"{path} is a signed {kind}, not a result; `qmcu trust verify` reads it.")
    return found


def evidence_of(signed: Signed) -> Evidence | None:
    """The result that a statement is about; None when it is of another kind.

    Raises CheckFailedError when what it says of itself does not hold together.
    """
    said: Statement = signed.statement
    schema = next((s for s, kind in _KINDS.items() if kind == said.predicate_type), None)
    if schema is None:
        return None
    result = said.predicate.get("qmcu" if schema == "test-1" else "result")
    subjects = {s.name: s.digest.sha256 for s in said.subject}
    if not isinstance(result, dict) or _subjects(schema, result) != subjects:
        raise CheckFailedError(f"{signed.path} is about other files than the result in it.")
    return Evidence(schema.partition("-")[0], signed, result)
