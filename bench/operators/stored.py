"""The counts of bench/operators/results.json, stored an operator at a time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.operators.document import RESULTS

from qmcu.files import write_atomic


@dataclass
class Stored:
    """Counts by operator, of runs that share `settings`: seed, board, kernels and versions."""

    settings: Mapping[str, object]
    device: str = ""
    operators: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def load(cls, settings: Mapping[str, object]) -> "Stored":
        """What is stored of runs with these settings; nothing when it was of others."""
        if not RESULTS.is_file():
            return cls(settings)
        stored = json.loads(RESULTS.read_text())
        if any(stored[name] != value for name, value in settings.items()):
            return cls(settings)
        return cls(settings, stored["device"], stored["operators"])

    def graphs(self, kind: str) -> int:
        """How many graphs of an operator were compared."""
        return self.operators.get(kind, {}).get("graphs", 0)

    def save(self, counts: Mapping[str, dict[str, int]], device: str) -> None:
        """Store an operator's counts beside the others."""
        self.device = device or self.device
        self.operators = dict(sorted((self.operators | dict(counts)).items()))
        document = dict(self.settings) | {"device": self.device, "operators": self.operators}
        write_atomic(RESULTS, json.dumps(document, indent=1) + "\n")
