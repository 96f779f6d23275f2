"""Kernels on the host: a plan's kernel calls, run in an arena in this process.

Each kernel is compiled as the firmware compiles it, but with the host's gcc and the undefined
behaviour sanitizer, and called through ctypes with the arguments of its lowered KernelCall. No
code generation, no emulator: this is the quick test that lowering and kernel agree.
"""

import ctypes
import functools
import hashlib
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.codegen.project import kernel_sources
from qmcu.compile.plan import (
    ARENA,
    STATE,
    ConstantArgument,
    KernelCall,
    ParametersArgument,
    Plan,
    ScratchArgument,
    TensorArgument,
    TensorListArgument,
)
from qmcu.resources import kernel_directories
from qmcu.types import Array

FLAGS = [
    *("-std=c11", "-O2", "-ffp-contract=off", "-fPIC", "-shared"),
    *("-Wall", "-Wextra", "-Werror", "-Wconversion"),
    *("-fsanitize=undefined", "-fno-sanitize-recover=all"),
]
_TYPES: Mapping[str, Any] = {
    "int8_t": ctypes.c_int8, "int16_t": ctypes.c_int16, "int32_t": ctypes.c_int32
}  # fmt: skip
_GUARD = 64
_GARBAGE = 0x5A


def initial_state(plan: Plan) -> bytearray:
    """The memory of the plan's states as it is after a reset, for `run_plan` to keep."""
    memory = bytearray(plan.state_size)
    for state in plan.states:
        tensor = plan.tensor(state.tensor)
        data = state.initial or bytes([state.fill]) * tensor.size
        memory[tensor.offset : tensor.offset + tensor.size] = data
    return memory


def run_plan(plan: Plan, inputs: Sequence[Array], state: bytearray | None = None) -> list[Array]:
    """The output tensors of one inference on `inputs`, in the model's order, shapes and types.

    `state` is what the inference finds and changes; a fresh one when None.

    The arena starts with garbage. Raises AssertionError when a kernel writes outside the arena
    or to a constant.
    """
    arena = np.full(plan.arena_size + 2 * _GUARD, _GARBAGE, np.int8)
    base = arena.ctypes.data + _GUARD
    for index, values in zip(plan.inputs, inputs, strict=True):
        tensor = plan.tensor(index)
        assert values.dtype == np.dtype(tensor.dtype) and values.nbytes == tensor.size
        start = _GUARD + tensor.offset
        arena[start : start + tensor.size] = np.frombuffer(values.tobytes(), np.int8)
    kept = initial_state(plan) if state is None else state
    memory = np.full(plan.state_size + 2 * _GUARD, _GARBAGE, np.uint8)
    memory[_GUARD : _GUARD + plan.state_size] = np.frombuffer(kept, np.uint8)
    bases = {ARENA: base, STATE: memory.ctypes.data + _GUARD}
    for call in plan.calls:
        _invoke(plan, call, bases)
    assert (memory[:_GUARD] == _GARBAGE).all(), "a kernel wrote below the states"
    assert (memory[_GUARD + plan.state_size :] == _GARBAGE).all(), "a kernel wrote above them"
    kept[:] = memory[_GUARD : _GUARD + plan.state_size].tobytes()
    assert (arena[:_GUARD] == _GARBAGE).all(), "a kernel wrote below the arena"
    assert (arena[_GUARD + plan.arena_size :] == _GARBAGE).all(), "a kernel wrote above the arena"
    outputs = [plan.tensor(index) for index in plan.outputs]
    return [
        np.frombuffer(arena[_GUARD + t.offset :][: t.size].tobytes(), t.dtype).reshape(t.shape)
        for t in outputs
    ]


def _invoke(plan: Plan, call: KernelCall, bases: Mapping[str, int]) -> None:
    def place(index: int) -> int:
        tensor = plan.tensor(index)
        return bases[tensor.space] + tensor.offset

    scratch = next((p.offset for p in plan.placements if p.name == f"{call.layer}_scratch"), 0)
    kept: list[tuple[ctypes.Array[ctypes.c_char], bytes]] = []
    lists: list[ctypes.Array[ctypes.c_void_p]] = []

    def stored(data: bytes) -> ctypes.c_void_p:
        buffer = ctypes.create_string_buffer(data, len(data))
        kept.append((buffer, data))
        return ctypes.c_void_p(ctypes.addressof(buffer))

    pointers: list[ctypes.c_void_p] = []
    for argument in call.arguments:
        match argument:
            case TensorArgument(tensor, _):
                pointers.append(ctypes.c_void_p(place(tensor)))
            case TensorListArgument(tensors):
                array = (ctypes.c_void_p * len(tensors))(*(place(t) for t in tensors))
                lists.append(array)
                pointers.append(ctypes.c_void_p(ctypes.addressof(array)))
            case ConstantArgument(None):
                pointers.append(ctypes.c_void_p(None))
            case ConstantArgument(constant):
                assert constant is not None
                pointers.append(stored(constant.data))
            case ParametersArgument(ctype, fields):
                pointers.append(stored(_parameters(ctype, dict(fields))))
            case ScratchArgument(size):
                pointers.append(ctypes.c_void_p(bases[ARENA] + scratch))
                scratch += size
    _function(call.kernel)(*pointers)
    for buffer, data in kept:
        assert buffer.raw == data, f"{call.kernel} wrote to a constant"


def _parameters(ctype: str, fields: Mapping[str, Any]) -> bytes:
    """The bytes of a struct of parameters: words in the plan's order, or, where the header keeps
    small numbers in bytes, as it lays them out.
    """
    kinds = _members(ctype)
    if not any(_TYPES.get(kind) in (ctypes.c_int8, ctypes.c_int16) for kind in kinds.values()):
        flat = [v for f in fields.values() for v in (f if isinstance(f, tuple) else (f,))]
        return b"".join(map(_field, flat))
    assert set(kinds) == set(fields), f"{ctype} has other members"
    members = {name: _array(_TYPES[kind], fields[name]) for name, kind in kinds.items()}
    layout = [(name, type(value)) for name, value in members.items()]
    return bytes(type(ctype, (ctypes.Structure,), {"_fields_": layout})(*members.values()))


def _array(kind: Any, value: Any) -> Any:
    flat = value if isinstance(value, tuple) else (value,)
    return (kind * len(flat))(*flat)


def _field(value: float) -> bytes:
    return np.array(value, "<f4" if isinstance(value, float) else "<i4").tobytes()


@functools.cache
def _members(ctype: str) -> dict[str, str]:
    """The names of a struct's members in order, and their types; none of a type by another name."""
    for header in sorted(kernel_directories()[0].glob("*.h")):
        found = re.search(r"typedef struct \{([^}]*)\} " + ctype + ";", header.read_text())
        if found is not None:
            plain = re.sub(r"/\*.*?\*/", "", found[1], flags=re.DOTALL)
            lines = re.findall(r"(\w+) (\w+)(?:\[[^;]*\])?;", plain)
            return {name: kind for kind, name in lines}
    return {}


@functools.cache
def _function(kernel: str) -> "ctypes._NamedFuncPointer":
    library = ctypes.CDLL(str(_compiled(kernel)))
    function = getattr(library, f"qmcu_{kernel}")
    function.restype = None
    return function  # type: ignore[no-any-return]


def _compiled(kernel: str) -> Path:
    """The shared library of a kernel and what it calls, compiled once per content of the folder."""
    folder = kernel_directories()[0]
    sources = [folder / name for name in sorted(kernel_sources((kernel,))) if name.endswith(".c")]
    digest = hashlib.sha256(" ".join(FLAGS).encode())
    for file in [*sources, *sorted(folder.glob("*.h"))]:
        digest.update(file.read_bytes())
    cache = Path(tempfile.gettempdir()) / "qmcu-host-kernels"
    cache.mkdir(exist_ok=True)
    library = cache / f"{kernel}-{digest.hexdigest()[:16]}.so"
    if not library.exists():
        fresh = Path(tempfile.mkdtemp(dir=cache)) / library.name
        subprocess.run(["gcc", *FLAGS, *map(str, sources), "-o", str(fresh)], check=True)
        fresh.replace(library)
        fresh.parent.rmdir()
    return library
