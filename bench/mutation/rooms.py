"""Which modules get faults, and which quick tests of theirs must notice."""

from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "toolchain" / "qmcu"


@dataclass(frozen=True)
class Room:
    """Modules (patterns below toolchain/qmcu), the tests that are run, and the sample's size."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    sample: int

    def files(self) -> list[Path]:
        """The modules, sorted."""
        return sorted({p for pattern in self.modules for p in PACKAGE.glob(pattern)})


ROOMS = (
    Room(
        "compile",
        ("compile/lifetimes.py", "compile/planner.py", "compile/requantize.py",
         "compile/compiler.py", "compile/check.py"),
        ("tests/compile/test_*.py", "tests/compile/operators"),
        50,
    ),
    Room(
        "operators",
        ("compile/operators/*.py",),
        ("tests/compile/operators", "tests/compile/test_lifetimes.py"),
        30,
    ),
    Room(
        "comparison",
        ("comparison/result.py", "comparison/run.py", "comparison/trace.py"),
        ("tests/comparison",),
        40,
    ),
    Room(
        "backdoor verdict",
        ("backdoor/verification/verdict.py",),
        ("tests/backdoor/verification/test_verdict.py",
         "tests/backdoor/verification/test_verification.py"),
        40,
    ),
    Room(
        "size verdict",
        ("size/verdict.py",),
        ("tests/size/test_verdict.py",),
        20,
    ),
)  # fmt: skip
