"""A few lines that speak MLPerf Tiny's protocol over a link."""

from qmcu.device.link import Link

PER_COMMAND = 31  # bytes in one `db`, as the official runner sends


class Client:
    """Sends commands and gathers the lines before m-ready."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._held = b""

    def boot(self) -> list[str]:
        return self._lines()

    def ask(self, command: str) -> list[str]:
        self._link.write(command.encode() + b"%")
        return self._lines()

    def load(self, data: bytes) -> list[str]:
        assert self.ask(f"db load {len(data)}") == [f"m-[Expecting {len(data)} bytes]"]
        said = []
        for at in range(0, len(data), PER_COMMAND):
            said += self.ask(f"db {data[at : at + PER_COMMAND].hex()}")
        return said

    def infer(self, iterations: int, warmups: int = 0) -> tuple[int, list[str]]:
        """Microseconds between the two timestamps, and the figures of the results."""
        lines = self.ask(f"infer {iterations} {warmups}")
        laps = [int(line.removeprefix("m-lap-us-")) for line in lines if "lap" in line]
        assert lines[:3] == [
            f"m-warmup-start-{warmups}",
            "m-warmup-done",
            f"m-infer-start-{iterations}",
        ]
        assert lines[5] == "m-infer-done"
        assert len(laps) == 2
        return laps[1] - laps[0], results(lines[6])

    def _lines(self) -> list[str]:
        lines: list[str] = []
        while True:
            while b"\r\n" not in self._held:
                data = self._link.read(20)
                assert data, f"no more after {lines} {self._held!r}"
                self._held += data
            line, _, self._held = self._held.partition(b"\r\n")
            if line == b"m-ready":
                return lines
            lines.append(line.decode())


def results(line: str) -> list[str]:
    assert line.startswith("m-results-[") and line.endswith("]")
    return line[len("m-results-[") : -1].split(",")
