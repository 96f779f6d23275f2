"""The firmware's protocols: here under sanitizers, and end to end with damaged frames."""

import random
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.fuzz.libfuzzer import run_program
from bench.fuzz.run import Count
from tests.support.firmware_project import build_chain, chain

from qmcu.device.session import Session
from qmcu.device.targets import open_session, unicorn_machine
from qmcu.device.unicorn import UnicornLink
from qmcu.errors import QmcuError
from qmcu.firmware import Firmware
from qmcu.resources import firmware_directory

_HERE = Path(__file__).parent
_SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1")
_OWN = ("driver.c", "surroundings.c")
_TOLD = re.compile(r"(\d+) inputs, (\d+) answered")
PROTOCOLS = ("qmcu", "access", "mlperf-tiny")


def run_protocols(seconds: float, seed: int) -> dict[str, Count]:
    """Each protocol for its share of `seconds`, by the driver in driver.c."""
    compiler = shutil.which("cc")
    if compiler is None:
        print("no compiler for this machine: protocols are left out")
        return {}
    counts: dict[str, Count] = {}
    with tempfile.TemporaryDirectory(prefix="qmcu-fuzz-") as folder:
        for name in PROTOCOLS:
            program = build_driver(compiler, name, Path(folder))
            command = [str(program), str(seed & 0xFFFFFFFF), str(seconds / len(PROTOCOLS))]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            told = _TOLD.search(done.stdout)
            failures = () if done.returncode == 0 else (f"{name}: {done.stderr[-2000:]}",)
            count = Count(int(told[1]), int(told[2]), failures) if told else Count(0, 0, failures)
            counts[f"protocol {name}"] = count
            print(f"protocol {name}: {count.inputs:,} frames, {count.accepted:,} answered, "
                  f"{len(failures)} failures", *failures, flush=True)  # fmt: skip
    return counts


# Longer than the longest request of the driver's model, three times.
_LIBFUZZER_BYTES = 2048


def run_libfuzzer(seconds: float, seed: int) -> dict[str, Count]:
    """Each protocol for its share, guided by coverage: `inputs` are runs, `accepted` edges."""
    compiler = shutil.which("clang")
    if compiler is None:
        print("no clang for this machine: libFuzzer is left out")
        return {}
    counts: dict[str, Count] = {}
    with tempfile.TemporaryDirectory(prefix="qmcu-fuzz-") as folder:
        for name in PROTOCOLS:
            program = build_driver(compiler, name, Path(folder), coverage=True)
            corpus = Path(folder) / f"corpus-{name}"
            corpus.mkdir()
            # What the random driver makes, whole frames with right checksums and tags, begins it.
            begun = build_driver(compiler, name, Path(folder))
            subprocess.run([str(begun), str(seed & 0xFFFFFFFF), "0", str(corpus)], check=True,
                           capture_output=True)  # fmt: skip
            command, title = [str(program), f"-max_len={_LIBFUZZER_BYTES}"], f"libfuzzer {name}"
            counts[title] = run_program(title, command, corpus, seconds / len(PROTOCOLS), seed)
    return counts


def build_driver(compiler: str, protocol: str, folder: Path, *, coverage: bool = False) -> Path:
    """The driver with the firmware's own sources, under AddressSanitizer and UBSan.

    With `coverage` it is a libFuzzer program, for which the compiler is clang.
    """
    firmware = firmware_directory()
    runtime = [firmware / f"runtime/{name}.c" for name in ("crc32", "protocol")]
    mlperf = [firmware / f"protocols/mlperf_tiny/{name}.c" for name in ("mlperf_tiny", "text")]
    program = folder / f"driver-{protocol}{'-coverage' if coverage else ''}"
    # access.c is a part of the driver.
    access = [firmware / "protocols/access/hmac.c", firmware / "runtime/sha256.c"]
    more = {"mlperf-tiny": mlperf, "access": access}
    chosen = runtime + more.get(protocol, [])
    includes = [f"-I{_HERE / 'stubs'}", f"-I{firmware / 'runtime'}"]
    includes += [f"-I{firmware / 'protocols' / name}" for name in ("mlperf_tiny", "access")]
    defines = [f"-DMLPERF={int(protocol == 'mlperf-tiny')}"]
    defines += [f"-DSESSIONS={int(protocol == 'access')}"]
    defines += ["-DLIBFUZZER", "-fsanitize=fuzzer"] if coverage else []
    subprocess.run(
        [compiler, "-std=gnu11", *_SANITIZERS, *defines, *includes, "-include",
         str(_HERE / "stubs/no_assembler.h"), *(str(_HERE / own) for own in _OWN),
         *map(str, chosen), "-o", str(program)],
        check=True,
    )  # fmt: skip
    return program


class DamagingLink:
    """A link that changes bytes in both directions, now and then."""

    def __init__(self, link: UnicornLink, rng: random.Random) -> None:
        self._link, self._rng = link, rng
        self.damaged = 0
        self.honest = True

    def write(self, data: bytes) -> None:
        """Send `data`, damaged."""
        self._link.write(self._damage(data))

    def read(self, timeout_s: float) -> bytes:
        """What has come, damaged."""
        return self._damage(self._link.read(timeout_s))

    def _damage(self, data: bytes) -> bytes:
        if self.honest or not data or self._rng.random() < 0.5:
            return data
        self.damaged += 1
        content = bytearray(data)
        at = self._rng.randrange(len(content))
        kind = self._rng.randrange(4)
        if kind == 0:
            content[at] ^= 1 << self._rng.randrange(8)
        elif kind == 1:
            del content[at]
        elif kind == 2:
            content[at:at] = self._rng.randbytes(1)
        else:
            content[at] = 0
        return bytes(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)


def corrupted_frames(seconds: float, seed: int) -> Count:
    """Inferences over a line that damages frames: each answer is right, or an error."""
    rng = random.Random(seed)
    count = Count()
    with tempfile.TemporaryDirectory(prefix="qmcu-fuzz-") as folder:
        firmware = Firmware.load(build_chain(Path(folder)))
        inputs = [rng.randbytes(12) for _ in range(64)]
        with open_session("unicorn", firmware) as session:
            expected = [session.infer([data]).outputs for data in inputs]
        assert chain().inputs == (0,)
        started = time.monotonic()
        while time.monotonic() - started < seconds and len(count.failures) < 10:
            link = DamagingLink(UnicornLink(firmware.image, unicorn_machine(firmware.board)), rng)
            with Session(link, build_id=firmware.image.build_id) as session:
                session.repetitions = 40
                link.honest = False
                while time.monotonic() - started < seconds and link.damaged < 5000:
                    at = rng.randrange(len(inputs))
                    try:
                        answer = session.infer([inputs[at]]).outputs
                    except QmcuError:
                        break
                    count.accepted += 1
                    if answer != expected[at]:
                        count.failures += (f"frames seed {seed}: a wrong answer was taken",)
            count.inputs += link.damaged
    print(f"frames end to end: {count.inputs:,} damaged, {count.accepted:,} right answers, "
          f"{len(count.failures)} failures", flush=True)  # fmt: skip
    return count
