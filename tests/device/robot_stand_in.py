"""Renode's keywords for Robot Framework, over the stand-in of fake_renode.py."""

import threading

from tests.device.fake_renode import MonitorError, Renode


class RobotStandIn:
    """Execute Command, Start Emulation and Reset Emulation."""

    ROBOT_LIBRARY_SCOPE = "GLOBAL"

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._running: threading.Thread | None = None
        self._renode = Renode()

    def execute_command(self, command: str) -> str:
        with self._lock:
            return self._renode.execute(command)

    def start_emulation(self) -> None:
        self._stop = threading.Event()
        self._running = threading.Thread(target=self._run, daemon=True)
        self._running.start()

    def reset_emulation(self) -> None:
        if self._running is not None:
            self._stop.set()
            self._running.join()
        for end in (self._renode.uart, self._renode.listener):
            if end is not None:
                end.close()
        self._renode = Renode()

    def _run(self) -> None:
        while not self._stop.wait(0.001):
            with self._lock:
                try:
                    self._renode.execute('emulation RunFor "0.01"')
                except (MonitorError, OSError):
                    return
