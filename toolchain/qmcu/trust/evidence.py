"""Results of commands as signed statements about what they are of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from qmcu import documents
from qmcu.errors import CheckFailedError, UsageError
from qmcu.files import MODELS_FOLDER, read_regular, write_atomic
from qmcu.firmware import Firmware
from qmcu.trust.envelope import SUFFIX, Signed, Statement, open_sealed, seal, statement
from qmcu.trust.keys import PrivateKey, PublicKey

TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
AUDIT, VERIFY = "urn:qmcu:audit:v1", "urn:qmcu:verify:v1"
VALIDATION = "urn:qmcu:validation:v1"
# Names of subjects.
IMAGE, MODEL, INTEGER_MODEL, FLOAT_MODEL = "image", "model.tflite", "int8", "float"
_KINDS = {
    "test-1": TEST_RESULT, "tests-1": TEST_RESULT, "audit-1": AUDIT, "verify-1": VERIFY,
    "validation-1": VALIDATION,
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
            several = len(self.tests) > 1
            return "; ".join(
                f"{test.get('model')}: {_test_outcome(test)}" if several else _test_outcome(test)
                for test in self.tests
            )
        if self.kind == "validation":
            outcomes = [c.get("outcome") for c in result.get("checks") or () if isinstance(c, dict)]
            counts = ", ".join(f"{outcomes.count(o)} {o}" for o in ("confirmed", "wrong"))
            return f"{counts} on {result.get('board')}"
        return f"verdict {result.get('verdict')}"

    @property
    def tests(self) -> tuple[Mapping[str, Any], ...]:
        """The tests in it: several where models of one image ran in turn."""
        return _tests_in(self.result) if self.kind == "test" else ()

    def is_about(self, model_sha256: str) -> bool:
        """Whether it is of the model with that SHA-256."""
        about = self.signed.statement.subject
        return any(_is_model(s.name) and s.digest.sha256 == model_sha256 for s in about)

    def __str__(self) -> str:
        return f"{self.kind}: {self.outcome}, signed by {self.signed.signer}"


def model_names(firmware: Firmware) -> dict[str, str]:
    """What statements call the models of an image, and their SHA-256."""
    if not firmware.is_one_of_several:
        return {MODEL: firmware.plan.model_sha256}
    return {_model_name(f.plan.name): f.plan.model_sha256 for f in firmware.together()}


def stranger(subjects: Mapping[str, str], firmware: Firmware) -> str | None:
    """The first of `subjects` (name to SHA-256) that is not what the image is or is made of.

    An empty text when they name neither image nor model, None when they are of this image.
    """
    models = set(model_names(firmware).values())
    known = {n: d for n, d in subjects.items() if n == IMAGE or _is_model(n)}
    for name, digest in known.items():
        if digest not in ({firmware.image.sha256} if name == IMAGE else models):
            return name
    return None if known else ""


def _model_name(name: str) -> str:
    return f"{MODELS_FOLDER}/{name}/{MODEL}"


def _is_model(name: str) -> bool:
    return name in (MODEL, INTEGER_MODEL) or name.endswith(f"/{MODEL}")


def _tests_in(result: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The tests in a document of `qmcu test`."""
    if "results" not in result:
        return (result,)
    listed = result["results"]
    return tuple(t for t in listed if isinstance(t, dict)) if isinstance(listed, list) else ()


def _test_outcome(test: Mapping[str, Any]) -> str:
    counts = f"{test.get('equal')} of {test.get('vectors')}"
    return f"{counts} outputs equal on {test.get('board')} ({test.get('device')})"


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
    if schema == "tests-1":
        return _subjects_in_turn(_tests_in(result))
    test = result if schema in _OF_AN_IMAGE else result.get("test")
    if not isinstance(test, dict):
        return {}
    found = {IMAGE: test.get("image_sha256"), MODEL: test.get("model_sha256")}
    return {name: str(value) for name, value in found.items() if value}


def _subjects_in_turn(tests: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The image that all tests are of, and each model; nothing when they are of several images."""
    images = {str(t.get("image_sha256") or "") for t in tests}
    models = {_model_name(str(t.get("model"))): str(t.get("model_sha256")) for t in tests}
    if len(images) != 1 or len(models) != len(tests) or "" in images:
        return {}
    return {IMAGE: images.pop(), **models}


def _predicate(
    schema: str, result: Mapping[str, Any], subjects: Mapping[str, str]
) -> dict[str, Any]:
    if _KINDS[schema] != TEST_RESULT:
        return {"result": dict(result)}
    passed = bool(result.get("passed"))
    differing = [d for t in _tests_in(result) for d in t.get("differences") or ()]
    wrong = [str(d.get("vector")) for d in differing if isinstance(d, dict)]
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
    schemas = [s for s, kind in _KINDS.items() if kind == said.predicate_type]
    if not schemas:
        return None
    result = said.predicate.get("qmcu" if said.predicate_type == TEST_RESULT else "result")
    subjects = {s.name: s.digest.sha256 for s in said.subject}
    # Of those with one type the document names its own.
    schema = schemas[0]
    if isinstance(result, dict) and result.get("schema") in schemas:
        schema = str(result["schema"])
    if not isinstance(result, dict) or _subjects(schema, result) != subjects:
        raise CheckFailedError(f"{signed.path} is about other files than the result in it.")
    kind = "test" if said.predicate_type == TEST_RESULT else schema.partition("-")[0]
    return Evidence(kind, signed, result)
