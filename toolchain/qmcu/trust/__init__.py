"""A firmware directory and a key in, signed statements about its image out, and back.

`sign_firmware` writes DIR/trust: a manifest of everything that led to the image (SLSA provenance in
an in-toto statement), an ML-BOM (CycloneDX 1.6), and a statement for each result of `qmcu audit`,
`verify` and `test`, each in a DSSE envelope signed with ed25519 or ECDSA P-256. `verify_trust`
checks signatures, and the statements against the files; `unmet` holds them against a policy.
"""

from qmcu.trust.evidence import sign_result, verify_evidence
from qmcu.trust.keys import PrivateKey, PublicKey, load_private, load_public, make_key
from qmcu.trust.policy import Policy, load_policy, unmet
from qmcu.trust.signing import sign_firmware
from qmcu.trust.verifying import Trusted, verify_trust

__all__ = [
    "Policy",
    "PrivateKey",
    "PublicKey",
    "Trusted",
    "load_policy",
    "load_private",
    "load_public",
    "make_key",
    "sign_firmware",
    "sign_result",
    "unmet",
    "verify_evidence",
    "verify_trust",
]
