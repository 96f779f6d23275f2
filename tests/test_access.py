"""Access keys, HMAC and key derivation: on the host, and the firmware's C on this machine."""

import ctypes
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode

from qmcu.access import AccessKey, Channel, kdf, load_access_key, make_access_key
from qmcu.errors import UsageError
from qmcu.resources import firmware_directory

# RFC 4231: key, data, HMAC-SHA-256; the fifth is truncated to 128 bits.
RFC_4231 = (
    (b"\x0b" * 20, b"Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (b"Jefe", b"what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (b"\xaa" * 20, b"\xdd" * 50,
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)), b"\xcd" * 50,
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    (b"\xaa" * 131, b"This is a test using a larger than block-size key and a larger than "
     b"block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
)  # fmt: skip
# NIST CAVP, KDFCTR_gen: PRF=HMAC_SHA256, CTRLOCATION=BEFORE_FIXED, RLEN=32_BITS, L=128, COUNT=0.
CAVP = (
    bytes.fromhex("dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0"),
    bytes.fromhex(
        "01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b864a145fab25e517b08f8683d"
        "0315bb2911d80a0e8aba17f3b413faac"
    ),
    bytes.fromhex("10621342bfb0fd40046c0e29f2cfdbf0"),
)


@pytest.fixture(scope="module")
def firmware_c(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """hmac.c of the firmware, compiled for this machine."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no compiler for this machine")
    runtime = firmware_directory() / "runtime"
    access = firmware_directory() / "protocols/access"
    library = tmp_path_factory.mktemp("hmac") / "hmac.so"
    sources = [str(access / "hmac.c"), str(runtime / "sha256.c")]
    options = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    command = [compiler, *options, f"-I{runtime}", f"-I{access}", *sources, "-o", str(library)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(library))


@pytest.mark.parametrize("case", range(len(RFC_4231)))
def test_the_firmwares_hmac_gives_rfc_4231(firmware_c: ctypes.CDLL, case: int) -> None:
    key, data, expected = RFC_4231[case]
    state, code = ctypes.create_string_buffer(512), ctypes.create_string_buffer(32)
    prepared = ctypes.create_string_buffer(64)
    firmware_c.qmcu_hmac_prepare(prepared, key, len(key))
    firmware_c.qmcu_hmac_begin(state, prepared)
    for at in range(0, len(data), 7):  # in pieces, as frames come
        firmware_c.qmcu_hmac_put(state, data[at : at + 7], len(data[at : at + 7]))
    firmware_c.qmcu_hmac_end(state, code)
    assert code.raw.hex().startswith(expected)
    assert state.raw == bytes(512), "what was made of the key is left behind"


def test_both_derivations_give_nists_vector(firmware_c: ctypes.CDLL) -> None:
    key, fixed, expected = CAVP
    out = ctypes.create_string_buffer(32)
    firmware_c.qmcu_kdf(key, len(key), fixed, len(fixed), out, 1)
    assert out.raw[:16] == expected and kdf(key, fixed, 1)[:16] == expected


def test_longer_derivations_are_those_of_another_library(firmware_c: ctypes.CDLL) -> None:
    key, label, context = bytes(range(32)), b"qmcu session", bytes(range(100, 228))
    theirs = KBKDFHMAC(
        hashes.SHA256(), Mode.CounterMode, 64, 4, 4, CounterLocation.BeforeFixed, label, context,
        None,
    ).derive(key)  # fmt: skip
    fixed = label + b"\0" + context + (512).to_bytes(4, "big")
    out = ctypes.create_string_buffer(64)
    firmware_c.qmcu_kdf(key, len(key), fixed, len(fixed), out, 2)
    assert out.raw == theirs == kdf(key, fixed, 2)


def test_a_key_file_is_its_owners_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "device.key"
    make_access_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = load_access_key(path)
    assert len(key.secret) == 32 and key.secret.hex() not in repr(key)
    with pytest.raises(UsageError, match="is there already; a key is never replaced"):
        make_access_key(path)
    path.chmod(0o640)
    with pytest.raises(UsageError, match="may be read by others; `chmod 600"):
        load_access_key(path)


@pytest.mark.parametrize("content", [b"", b"secret", b"\xff\x00", b"qmcu-access-key-1 00\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UsageError, match="is no access key; `qmcu trust access-key"):
        load_access_key(path)


def test_an_answer_is_taken_for_its_own_request_alone() -> None:
    key, identity = AccessKey(bytes(32)), bytes(96)
    channel = Channel(key, bytes(16), bytes(16), identity)
    first = channel.trailer(1, b"header", b"a")
    assert channel.trailer(2, b"header", b"a") != first, "the number of the request is in it"
    assert channel.opened(3, b"header", bytes(40)) is None, "nobody asked"
    assert channel.opened(1, b"header", first) is None, "a request sent back is no answer"
