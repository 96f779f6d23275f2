"""Keys: what the library below stumbles over is a sentence, too."""

from pathlib import Path
from typing import NoReturn

import pytest

pytest.importorskip("cryptography", reason="cryptography is not installed")

from cryptography.exceptions import InternalError
from cryptography.hazmat.primitives import serialization

from qmcu.errors import UsageError
from qmcu.trust.keys import load_private, load_public, make_key


def test_an_internal_error_of_openssl_is_a_damaged_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by make fuzz: some damaged private keys end so."""

    def stumble(*arguments: object) -> NoReturn:
        raise InternalError("Unknown OpenSSL error", [])

    private = tmp_path / "key"
    public, _ = make_key(private)
    monkeypatch.setattr(serialization, "load_pem_private_key", stumble)
    monkeypatch.setattr(serialization, "load_pem_public_key", stumble)
    with pytest.raises(UsageError, match="is damaged: it could not be read as a private key"):
        load_private(private)
    with pytest.raises(UsageError, match="is no public key in PEM form"):
        load_public(public)
