"""Work spread over a Dask cluster: pieces in, results as they come; no dead worker loses any.

A piece is one call of a function with everything that it needs, so that any worker may make it; the
scheduler gives the pieces of a dead worker to others. What a piece answers comes back here and is
kept here, a file each where it is worth keeping: an interrupted run goes on with what is missing.

Dask is an optional extra (`pip install qmcu[cluster]`).
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qmcu
from qmcu.errors import DeviceError, QmcuError, UsageError
from qmcu.extras import load_module
from qmcu.types import Progress

LOCAL = "local"
# Settings in the environment that hold on the workers too: what computes expected bytes.
CARRIED = ("QMCU_ORACLE",)
_WAIT_S = 10
_SCHEMES = ("tcp://", "tls://", "ucx://", "ws://", "wss://", "inproc://")

Keep = Callable[[str, Any], None]


@dataclass(frozen=True)
class Piece:
    """One call. `key` names it among the pieces of a run; it starts after those in `after`."""

    key: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cluster:
    """A connected cluster: its client, and the address of its dashboard or ""."""

    client: Any
    dashboard: str

    @property
    def workers(self) -> int:
        """How many workers there are now."""
        return len(self.client.scheduler_info(n_workers=-1)["workers"])

    def run(self, pieces: Sequence[Piece], keep: Keep, progress: Progress | None = None) -> None:
        """Make every piece; `keep(key, result)` is called here, in the order in which they end.

        Raises what a piece raised, or DeviceError for one that several workers died of; the others
        are cancelled then, and on Ctrl-C.
        """
        distributed = load_module("distributed", "--cluster")
        report = progress or (lambda done, total: None)
        futures: dict[str, Any] = {}
        for piece in pieces:
            before = [futures[key] for key in piece.after if key in futures]
            futures[piece.key] = self.client.submit(
                _call, piece.function, piece.arguments, _settings(), before,
                key=f"{piece.key}-{os.urandom(4).hex()}", pure=False,
            )  # fmt: skip
        names = {future.key: key for key, future in futures.items()}
        try:
            done = distributed.as_completed(list(futures.values()))
            for number, future in enumerate(done, 1):
                keep(names[future.key], _result(distributed, names[future.key], future))
                future.release()
                report(number, len(pieces))
        finally:
            self.client.cancel(list(futures.values()), force=True)


@contextlib.contextmanager
def open_cluster(
    spec: str | None, tell: Callable[[str], None] | None = None
) -> Iterator[Cluster | None]:
    """Connect to the cluster of `spec`, or yield None when that is None.

    `local` starts a worker a core here, `local:N` that many, each with its share of the memory;
    tcp://HOST:PORT is a scheduler's address, anything else the file that `dask scheduler
    --scheduler-file FILE` writes. `tell` gets the line about the dashboard. Raises UsageError when
    there is no such scheduler, or its workers have another version of qmcu or are none.
    """
    if spec is None:
        yield None
        return
    distributed = load_module("distributed", "--cluster")
    with _quiet(), contextlib.ExitStack() as stack:
        client = stack.enter_context(_client(distributed, spec, stack))
        _check_workers(client, spec)
        cluster = Cluster(client, client.dashboard_link or "")
        if tell is not None:
            tell(f"{cluster.workers} workers; dashboard {cluster.dashboard or 'off'}")
        yield cluster


def _client(distributed: Any, spec: str, stack: contextlib.ExitStack) -> Any:
    name, _, count = spec.partition(":")
    if name == LOCAL:
        if count and (not count.isdigit() or int(count) == 0):
            raise UsageError(f"--cluster {spec}: give local or local:N, N workers from 1 on.")
        local = distributed.LocalCluster(
            n_workers=int(count) if count else os.cpu_count() or 1,
            threads_per_worker=1, dashboard_address="127.0.0.1:0",
        )  # fmt: skip
        return distributed.Client(stack.enter_context(local))
    try:
        if spec.startswith(_SCHEMES):
            return distributed.Client(spec, timeout=_WAIT_S)
        if not Path(spec).is_file():
            raise UsageError(
                f"--cluster {spec}: there is no such file; give local, tcp://HOST:PORT or the file "
                "that `dask scheduler --scheduler-file FILE` writes."
            )
        return distributed.Client(scheduler_file=spec, timeout=_WAIT_S)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"--cluster {spec}: no scheduler answers there within {_WAIT_S} s; start one with "
            "`dask scheduler`."
        ) from error


def _check_workers(client: Any, spec: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_WAIT_S)
    except TimeoutError as error:
        raise UsageError(
            f"--cluster {spec} has no workers; start some with `dask worker --nthreads 1`."
        ) from error
    # A worker that dies while it is asked answers with an exception; its pieces go to others.
    answers = client.run(_version, on_error="return").values()
    versions = {a for a in answers if isinstance(a, str)} or {qmcu.__version__}
    if versions != {qmcu.__version__}:
        other = ", ".join(sorted(map(str, versions - {qmcu.__version__})))
        raise UsageError(
            f"--cluster {spec}: its workers have qmcu {other} and this is {qmcu.__version__}; "
            "install the same everywhere."
        )


def _settings() -> dict[str, str]:
    return {name: os.environ[name] for name in CARRIED if name in os.environ}


def _version() -> str:
    return qmcu.__version__


def _call(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    settings: Mapping[str, str],
    _before: object,
) -> Any:
    """On the worker. A QmcuError is an answer: raised there, Dask would print its traceback."""
    try:
        os.environ |= settings
        return function(*arguments)
    except QmcuError as error:
        return error


def _result(distributed: Any, key: str, future: Any) -> Any:
    try:
        result = future.result()
    except distributed.KilledWorker as error:
        raise DeviceError(
            f"{key}: every worker that tried it died, perhaps for want of memory; give the workers "
            "more (`dask worker --memory-limit`)."
        ) from error
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"{key}: a worker cannot run it: {error}; workers need the same packages as this "
            "machine."
        ) from error
    if isinstance(result, QmcuError):
        raise result
    return result


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Leave out Dask's own log of workers that come and go: what matters is raised."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
