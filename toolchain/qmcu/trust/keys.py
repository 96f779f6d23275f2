"""Keys: ed25519 and ECDSA P-256 in PEM files, by the package cryptography.

Private keys are PKCS#8 (`openssl genpkey -algorithm ed25519`), public ones SubjectPublicKeyInfo.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qmcu.errors import UsageError
from qmcu.extras import load_module
from qmcu.files import read_regular, write_atomic

PASSWORD_VARIABLE = "QMCU_KEY_PASSWORD"
ED25519, P256 = "ed25519", "ecdsa-p256"
KINDS = (ED25519, P256)
_MOST = 16 << 10
_PURPOSE = "signing and verifying"


@dataclass(frozen=True)
class PublicKey:
    """A key that verifies; `id` is the SHA-256 of its DER form, in hex digits."""

    kind: str
    id: str
    name: str
    key: Any

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` is this key's over `data`."""
        invalid = load_module("cryptography.exceptions", _PURPOSE).InvalidSignature
        try:
            self.key.verify(signature, data, *_algorithm(self.kind))
        except (invalid, ValueError):
            return False
        return True

    def __str__(self) -> str:
        return f"{self.name} ({self.kind}, {self.id[:16]})"


@dataclass(frozen=True)
class PrivateKey:
    """A key that signs, and the public one beside it."""

    public: PublicKey
    key: Any

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`."""
        return bytes(self.key.sign(data, *_algorithm(self.public.kind)))


def _algorithm(kind: str) -> tuple[Any, ...]:
    if kind == ED25519:
        return ()
    ec = load_module("cryptography.hazmat.primitives.asymmetric.ec", _PURPOSE)
    hashes = load_module("cryptography.hazmat.primitives.hashes", _PURPOSE)
    return (ec.ECDSA(hashes.SHA256()),)


def load_private(path: Path) -> PrivateKey:
    """Read a private key; QMCU_KEY_PASSWORD holds its password, if it has one.

    Raises UsageError: no key, a wrong or missing password, another kind of key.
    """
    content = read_regular(path, most=_MOST)
    serialization = load_module("cryptography.hazmat.primitives.serialization", _PURPOSE)
    if b"PRIVATE KEY" not in content:
        what = "a public key" if b"PUBLIC KEY" in content else "no key in PEM form"
        raise UsageError(f"{path} is {what}; signing needs a private one, as {_HOW}.")
    password = os.environ.get(PASSWORD_VARIABLE)
    exceptions = load_module("cryptography.exceptions", _PURPOSE)
    try:
        key = serialization.load_pem_private_key(content, password.encode() if password else None)
    except TypeError as error:
        if password:
            raise UsageError(f"{path} has no password; unset {PASSWORD_VARIABLE}.") from error
        raise UsageError(f"{path} has a password; set {PASSWORD_VARIABLE} to it.") from error
    except (ValueError, exceptions.InternalError) as error:  # the latter: OpenSSL lost count
        why = f"is damaged, or {PASSWORD_VARIABLE} is wrong" if password else "is damaged"
        raise UsageError(f"{path} {why}: it could not be read as a private key.") from error
    except exceptions.UnsupportedAlgorithm as error:
        raise UsageError(f"{path} is of an unknown kind; take {_HOW}.") from error
    return PrivateKey(_public(path, key.public_key()), key)


_HOW = "`qmcu trust key` or `openssl genpkey -algorithm ed25519` make one"


def load_public(path: Path) -> PublicKey:
    """Read a public key. Raises UsageError when the file holds none of a known kind."""
    content = read_regular(path, most=_MOST)
    serialization = load_module("cryptography.hazmat.primitives.serialization", _PURPOSE)
    if b"PRIVATE KEY" in content:
        raise UsageError(
            f"{path} is a private key, which verifying does not need; give the public one beside "
            "it, and keep this one where only the signer reads it."
        )
    exceptions = load_module("cryptography.exceptions", _PURPOSE)
    unreadable = (ValueError, exceptions.UnsupportedAlgorithm, exceptions.InternalError)
    try:
        return _public(path, serialization.load_pem_public_key(content))
    except unreadable as error:
        raise UsageError(f"{path} is no public key in PEM form.") from error


def _public(path: Path, key: Any) -> PublicKey:
    ed = load_module("cryptography.hazmat.primitives.asymmetric.ed25519", _PURPOSE)
    ec = load_module("cryptography.hazmat.primitives.asymmetric.ec", _PURPOSE)
    if isinstance(key, ed.Ed25519PublicKey):
        kind = ED25519
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        kind = P256
    else:
        raise UsageError(f"{path} is a key of another kind; take {' or '.join(KINDS)}.")
    return PublicKey(kind, hashlib.sha256(_der(key)).hexdigest(), path.name, key)


def _der(key: Any) -> bytes:
    serialization = load_module("cryptography.hazmat.primitives.serialization", _PURPOSE)
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_bytes(encoding, form))


def public_pem(key: PublicKey) -> bytes:
    """The key as a PEM file."""
    serialization = load_module("cryptography.hazmat.primitives.serialization", _PURPOSE)
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.key.public_bytes(encoding, form))


def make_key(path: Path, kind: str = ED25519) -> tuple[Path, PublicKey]:
    """Write a new private key to `path`, readable by its owner alone, and the public one beside it.

    QMCU_KEY_PASSWORD encrypts it. Returns the public key's file and the key. Raises UsageError when
    a file is there already.
    """
    public_path = path.with_name(f"{path.name}.pub")
    for taken in (path, public_path):
        if taken.exists():
            raise UsageError(f"{taken} is there already; a key is never replaced, choose another.")
    serialization = load_module("cryptography.hazmat.primitives.serialization", _PURPOSE)
    if kind == ED25519:
        ed = load_module("cryptography.hazmat.primitives.asymmetric.ed25519", _PURPOSE)
        key = ed.Ed25519PrivateKey.generate()
    else:
        ec = load_module("cryptography.hazmat.primitives.asymmetric.ec", _PURPOSE)
        key = ec.generate_private_key(ec.SECP256R1())
    password = os.environ.get(PASSWORD_VARIABLE)
    encryption = (
        serialization.BestAvailableEncryption(password.encode())
        if password
        else serialization.NoEncryption()
    )
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    public = _public(path, key.public_key())
    write_atomic(public_path, public_pem(public))
    return public_path, public
