"""Files of many kinds by their real tools, weighed and timed: `python -m bench.size`.

Makes them with TensorFlow and Keras in this Python, and with torch, safetensors, onnx and
onnxruntime in the Python of --torch (a virtual environment that has them); weighs each through
the command line; writes results.json and the tables of docs/SIZE.md. --large also makes and
times safetensors files of a gigabyte.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.size.document import DOCUMENT, RESULTS, document
from bench.size.large import write_large
from rich.console import Console

import qmcu
from qmcu.files import write_atomic

# File or folder, and the word that the verdict must be ("" for one that must be refused).
EXPECTED = {
    "cnn-float32.tflite": "float32",
    "cnn-float16.tflite": "float16",
    "cnn-dynamic.tflite": "dynamic-range only",
    "cnn-int8.tflite": "really int8",
    "cnn-int8-float-io.tflite": "really int8",
    "cnn-int8-fallback.tflite": "float fallback operators",
    "cnn-int16x8.tflite": "int8 weights, int16 activations",
    "cnn-float32.keras": "float32",
    "cnn-fake4.keras": "fake-quantized",
    "cnn-fake4-zipped.keras": "already compressed",
    "cnn-training.keras": "optimizer state",
    "cnn-float32.h5": "float32",
    "saved-model": "float32",
    "cnn-float32.onnx": "float32",
    "cnn-float16.onnx": "float16",
    "cnn-dynamic.onnx": "dynamic-range only",
    "cnn-int8-qdq.onnx": "really int8",
    "cnn-int8-mixed.onnx": "float fallback operators",
    "transformer-float32.safetensors": "float32",
    "transformer-float16.safetensors": "float16",
    "transformer-bfloat16.safetensors": "bfloat16",
    "transformer-upcast.safetensors": "float16 in float32",
    "transformer-awq4-fake.safetensors": "fake-quantized",
    "transformer-awq4-fake-bf16.safetensors": "fake-quantized",
    "transformer-awq3-g64-fake.safetensors": "fake-quantized",
    "transformer-int8-fake.safetensors": "fake-quantized",
    "transformer-tied-twice.safetensors": "float16",
    "transformer-gptq-packed.safetensors": "packed 4-bit",
    "transformer-float32.pt": "float32",
    "transformer-awq4-fake.pt": "fake-quantized",
    "training-adamw.pt": "optimizer state",
    "view-of-storage.pt": "unused storage",
    "tensor-qint8.pt": "int8",
    "whole-module.pt": "",
    "weights.npz": "float32",
    "weights-compressed.npz": "float32",
    "weights-fake4-compressed.npz": "already compressed",
}
_TIMED = """
import json, sys
from pathlib import Path
from bench.size.__main__ import timed
print(json.dumps(timed(Path(sys.argv[1]))))
"""
LARGE = (("4096", 4096, True), ("4096", 4096, False), ("768", 768, True), ("768", 768, False))


def main() -> int:
    """Make, weigh, save, write the document. Exit code 1 when a verdict is not the expected one."""
    parser = argparse.ArgumentParser(prog="python -m bench.size", description=__doc__)
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--folder", type=Path, help="keep the files here")
    parser.add_argument("--models", type=Path, default=Path("../shared/models"), metavar="DIR")
    parser.add_argument("--large", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qmcu-size-") as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        make(folder, arguments.torch)
        rows = [weighed(folder / name, word) for name, word in EXPECTED.items()]
        timings = [in_fresh_process(p) for p in sorted(arguments.models.glob("*.tflite"))]
        if arguments.large:
            timings += large(folder)
    old = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    if not arguments.large:
        timings += [t for t in old.get("timings", ()) if t["bytes"] > 10**8]
    results = {"qmcu": qmcu.__version__, "rows": rows, "timings": timings}
    write_atomic(RESULTS, json.dumps(results, indent=1) + "\n")
    write_atomic(DOCUMENT, document(rows, timings))
    wrong = [r for r in rows if r["word"] != r["expected"]]
    for row in wrong:
        Console().print(f"another verdict: {row}", style="red", markup=False)
    return 1 if wrong else 0


def make(folder: Path, torch: str) -> None:
    """All files, unless they are there."""
    if not (folder / "weights.npz").is_file():
        command = [sys.executable, "-m", "bench.size.make_keras", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
    if not (folder / "cnn-float16.onnx").is_file():
        script = Path(__file__).with_name("make_torch.py")
        subprocess.run([torch, str(script), str(folder)], check=True, capture_output=True)


def size_command(path: Path, *options: str) -> tuple[int, str, float, float, int]:
    """Run `qmcu size`: exit code, what it said, seconds of the clock and of the CPU, peak KiB."""
    program = "import sys; from qmcu.cli import main; sys.argv[0] = 'qmcu'; main()"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, "size", str(path), *options],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, done.stderr or done.stdout, seconds, cpu, after.ru_maxrss


def weighed(path: Path, expected: str) -> dict[str, Any]:
    """One row of the table of verdicts."""
    target = path.parent / "size.json"
    code, said, _, _, _ = size_command(path, "--json", str(target))
    head = {"file": path.name, "expected": expected}
    if code:
        reason = said.strip().removeprefix(f"qmcu: {path}: ")
        return head | {"word": "", "exit": code, "reason": reason}
    file = json.loads(target.read_text())["files"][0]
    main_finding = file["verdict"]["main"]
    return head | {
        "word": main_finding["word"], "exit": 0, "kind": file["kind"], "bytes": file["bytes"],
        "stored": file["weights"]["stored_bits"], "effective": file["weights"]["effective_bits"],
        "int8": file["estimates"]["int8"], "reason": main_finding["reason"],
        "also": [f["word"] for f in file["verdict"]["others"]],
    }  # fmt: skip


def timed(path: Path) -> dict[str, Any]:
    """The command from the disk, then the best of three runs from memory, Python's start included.

    Beside them the library call alone, and how long only reading the file takes, both ways.
    """
    _forget(path)
    _, _, cold, _, first = size_command(path)
    runs = [size_command(path) for _ in range(3)]
    disk = _read(path, cold=True)
    return {
        "file": path.name, "bytes": path.stat().st_size, "cold": round(cold, 2),
        "seconds": round(min(r[2] for r in runs), 2), "cpu": round(min(r[3] for r in runs), 2),
        "library": round(min(_library(path) for _ in range(3)), 3),
        "disk": round(disk, 3), "cache": round(min(_read(path) for _ in range(3)), 3),
        "memory": max(first, *(r[4] for r in runs)) * 1024,
    }  # fmt: skip


def _forget(path: Path) -> None:
    """Ask the system to drop the file from its cache."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _read(path: Path, *, cold: bool = False) -> float:
    """Seconds of the clock for reading the file, as `cat` does."""
    if cold:
        _forget(path)
    started = time.monotonic()
    with path.open("rb", buffering=0) as stream:
        while stream.read(1 << 23):
            pass
    return time.monotonic() - started


def _library(path: Path) -> float:
    """CPU seconds of weighing and judging, when all is imported."""
    from qmcu.size import judge, weigh

    started = time.process_time()
    judge(weigh(path))
    return time.process_time() - started


def in_fresh_process(path: Path) -> dict[str, Any]:
    """As `timed`, in a process of its own: the peak of all children is that of the largest."""
    done = subprocess.run([sys.executable, "-c", _TIMED, str(path)], check=True,
                          capture_output=True, text=True)  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def large(folder: Path) -> list[dict[str, Any]]:
    """Timings of safetensors files of a gigabyte, made one after the other."""
    found = []
    for label, width, rounded in LARGE:
        path = folder / f"{label}-{'fake' if rounded else 'plain'}.safetensors"
        write_large(path, 10**9, width, rounded=rounded)
        found.append(in_fresh_process(path))
        path.unlink()
    return found


if __name__ == "__main__":
    sys.exit(main())
