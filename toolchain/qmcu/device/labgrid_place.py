"""A labgrid place as a serial port: which one it is, from labgrid's coordinator.

labgrid keeps boards of many machines apart by places; whoever acquired a place may use its
resources. See https://labgrid.readthedocs.io, "Remote Resources and Places".
"""

import os

from qmcu.errors import DeviceError, ToolError, UsageError

PREFIX = "labgrid:"
_RESOURCE = "NetworkSerialPort"
_SCHEMES = {"rfc2217": "rfc2217", "raw": "socket"}


def place_of(target: str) -> str:
    """The place of a target `labgrid:PLACE`. Raises UsageError when none is named."""
    place = target.removeprefix(PREFIX)
    if not place:
        raise UsageError(f"{target!r} names no place; `labgrid-client places` lists them.")
    return place


def place_port(place: str) -> str:
    """The pyserial URL of the serial port of an acquired place.

    The coordinator is the one of LG_COORDINATOR. Raises ToolError without labgrid, DeviceError when
    the coordinator does not answer, or the place is not ours or has no serial port.
    """
    try:
        from grpc import RpcError
        from labgrid import Target
        from labgrid.remote.client import Error, start_session
        from labgrid.resource import NetworkSerialPort
        from labgrid.util.proxy import proxymanager
    except ImportError as error:
        raise ToolError(
            f"labgrid is not installed here ({error}); `pip install labgrid`, beside qmcu."
        ) from error
    coordinator = os.environ.get("LG_COORDINATOR", "127.0.0.1:20408")
    try:
        session = start_session(coordinator)
        try:
            resources = session.get_target_resources(session.get_acquired_place(place))
        finally:
            session.loop.run_until_complete(session.stop())
            session.loop.run_until_complete(session.close())
    except (Error, RpcError, ConnectionError) as error:
        raise DeviceError(
            f"labgrid does not give the place {place} (coordinator {coordinator}): "
            f"{str(error).strip().rstrip('.')}. `labgrid-client -p {place} acquire` comes first."
        ) from error
    entry = next((e for e in resources.values() if e.cls == _RESOURCE), None)
    if entry is None:
        raise DeviceError(
            f"the labgrid place {place} has no {_RESOURCE}; its exporter must offer the board's "
            "serial port."
        )
    port = NetworkSerialPort(Target("qmcu"), name=None, **entry.args)
    port.extra = entry.extra
    host, number = proxymanager.get_host_and_port(port)
    return f"{_SCHEMES.get(port.protocol, port.protocol)}://{host}:{number}"
