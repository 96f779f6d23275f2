"""DSSE envelopes around in-toto statements: what is signed, by whom, and is it right.

Formats: https://github.com/secure-systems-lab/dsse (v1) and the in-toto Attestation Framework's
Statement v1. The signature is over PAE(type, body), so that neither is taken for anything else.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from qmcu import documents
from qmcu.errors import CheckFailedError, UsageError
from qmcu.files import read_regular
from qmcu.trust.keys import PrivateKey, PublicKey
from qmcu.types import Sha256

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
SUFFIX = ".dsse.json"
_MOST = 64 << 20


class Digest(msgspec.Struct, frozen=True):
    """The hashes of a file; more than SHA-256 may stand there."""

    sha256: Sha256


class Subject(msgspec.Struct, frozen=True):
    """What a statement is about: a name and the hash of its content."""

    name: str
    digest: Digest


class Statement(msgspec.Struct, frozen=True):
    """An in-toto statement; `predicate` is JSON of the kind that `predicate_type` names."""

    type: str = msgspec.field(name="_type")
    subject: tuple[Subject, ...]
    predicate_type: str = msgspec.field(name="predicateType")
    predicate: dict[str, Any]

    def digest(self, name: str) -> str:
        """The SHA-256 of the subject of this name, empty when there is none."""
        return next((s.digest.sha256 for s in self.subject if s.name == name), "")


class _Signature(msgspec.Struct, frozen=True):
    sig: str
    keyid: str = ""


class _Envelope(msgspec.Struct, frozen=True):
    payload: str
    payload_type: str = msgspec.field(name="payloadType")
    signatures: tuple[_Signature, ...]


@dataclass(frozen=True)
class Signed:
    """A statement whose signature was found right, and whose it is."""

    statement: Statement
    signer: PublicKey
    path: Path


def statement(
    predicate_type: str, subjects: Mapping[str, str], predicate: Mapping[str, Any]
) -> dict[str, Any]:
    """A statement as plain JSON; `subjects` maps names to SHA-256 sums."""
    return {
        "_type": STATEMENT,
        "subject": [{"name": n, "digest": {"sha256": d}} for n, d in subjects.items()],
        "predicateType": predicate_type,
        "predicate": documents.plain(dict(predicate)),
    }


def seal(content: Mapping[str, Any], key: PrivateKey) -> str:
    """An envelope with this statement, signed."""
    payload = json.dumps(content, indent=1).encode()
    signature = key.sign(_pae(payload))
    return documents.indented(
        {
            "payloadType": PAYLOAD_TYPE,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [
                {"keyid": key.public.id, "sig": base64.b64encode(signature).decode()},
            ],
        }
    )


def open_sealed(path: Path, keys: Sequence[PublicKey]) -> Signed:
    """The statement in an envelope, signed by one of `keys`.

    Raises UsageError when the file is no envelope of a statement, CheckFailedError when none of the
    keys has signed it as it is.
    """
    payload, signatures = _unpacked(path)
    signed = _pae(payload)
    for key in keys:
        for signature in signatures:
            if key.verifies(signature, signed):
                return Signed(_parsed(path, payload), key, path)
    names = ", ".join(map(str, keys)) or "no key"
    raise CheckFailedError(
        f"{path} is not signed by {names}: it was changed after it was signed, or another key "
        "signed it; nothing in it is to be believed."
    )


def _unpacked(path: Path) -> tuple[bytes, list[bytes]]:
    try:
        envelope = documents.parse(read_regular(path, most=_MOST), _Envelope)
        if envelope.payload_type != PAYLOAD_TYPE:
            raise ValueError(f"its payloadType is {envelope.payload_type[:80]!r}")
        payload = base64.b64decode(envelope.payload, validate=True)
        return payload, [base64.b64decode(s.sig, validate=True) for s in envelope.signatures]
    except (ValueError, binascii.Error) as error:
        raise UsageError(f"{path} is no signed statement (DSSE of in-toto): {error}.") from error


def _parsed(path: Path, payload: bytes) -> Statement:
    try:
        found = documents.parse(payload, Statement)
        if found.type != STATEMENT:
            raise ValueError(f"its _type is {found.type[:80]!r}")
    except ValueError as error:
        raise UsageError(f"{path} holds no in-toto statement: {error}.") from error
    return found


def _pae(payload: bytes) -> bytes:
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
