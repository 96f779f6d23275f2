"""Pickles as data: a checkpoint's structure is read, and nothing that it names is ever imported.

A pickle is a program. First its opcodes are checked one by one: only those that build plain data
are allowed, and none may ask for more memory than the pickle itself has bytes. Then it runs with
a table of the few names that a checkpoint of tensors needs, each of them bound to code of this
module. Any other name ends with an error.
"""

import io
import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, NoReturn

from qmcu.size.mapped import fail

MAX_BYTES = 16 << 20
_ALLOWED = frozenset((
    "PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "DUP", "MEMOIZE",
    "PUT", "BINPUT", "LONG_BINPUT", "GET", "BINGET", "LONG_BINGET",
    "NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1",
    "FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE",
    "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES",
    "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "LIST", "APPEND",
    "APPENDS", "EMPTY_DICT", "DICT", "SETITEM", "SETITEMS", "EMPTY_SET", "ADDITEMS",
    "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD", "BINPERSID", "NEWOBJ", "NEWOBJ_EX",
))  # fmt: skip
_DAMAGE = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, IndexError, KeyError, AttributeError,
    OverflowError, UnicodeDecodeError, RecursionError, MemoryError,
)  # fmt: skip

_STORAGES = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16", "LongStorage": "int64", "IntStorage": "int32",
    "ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8",
    "BoolStorage": "bool", "QInt8Storage": "int8", "QUInt8Storage": "uint8",
    "QInt32Storage": "int32", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "UntypedStorage": "uint8",
}  # fmt: skip
_DTYPES = {
    "float32": "float32", "float": "float32", "float64": "float64", "double": "float64",
    "float16": "float16", "half": "float16", "bfloat16": "bfloat16", "int64": "int64",
    "int32": "int32", "int16": "int16", "int8": "int8", "uint8": "uint8", "bool": "bool",
    "uint16": "uint16", "uint32": "uint32", "uint64": "uint64", "complex64": "complex64",
    "float8_e4m3fn": "float8_e4m3", "float8_e5m2": "float8_e5m2", "quint8": "uint8",
    "qint8": "int8", "qint32": "int32",
}  # fmt: skip


@dataclass(frozen=True)
class Storage:
    """Where a tensor's bytes are: member `data/<key>`, with `count` elements of `dtype`."""

    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class PickledTensor:
    """A tensor as the pickle describes it; `offset` and `stride` count elements.

    `parameters` are the scales and zero points of a quantized tensor, by name.
    """

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: str
    parameters: tuple[tuple[str, "PickledTensor"], ...] = ()

    @property
    def scales(self) -> int:
        """How many scales a quantized tensor has, as far as they are tensors."""
        return max((prod(t.shape) for _, t in self.parameters), default=0)


def read_pickle(source: Path, content: bytes) -> Any:
    """The data of a checkpoint's pickle: dicts, lists, numbers, texts and PickledTensors.

    Raises ModelError, naming what the pickle wants to run, when it is more than data.
    """
    _check_opcodes(source, content)
    try:
        return _Unpickler(source, content).load()
    except _DAMAGE as error:
        fail(source, f"its pickle is damaged ({type(error).__name__}: {str(error)[:80]})")


def _check_opcodes(source: Path, content: bytes) -> None:
    puts = 0
    try:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name not in _ALLOWED:
                fail(source, f"its pickle uses {opcode.name}, which plain data does not need; "
                             "qmcu never runs code from a checkpoint")  # fmt: skip
            puts += 1
            # The memo is a table as long as its largest index.
            if opcode.name in ("PUT", "LONG_BINPUT") and int(argument or 0) > puts:
                fail(source, "its pickle asks for a table far larger than itself; it is hostile")
    except _DAMAGE as error:
        fail(source, f"its pickle is damaged ({type(error).__name__}: {str(error)[:80]})")


class _Unpickler(pickle.Unpickler):
    """The standard machine with our table of names instead of imports."""

    def __init__(self, source: Path, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8")
        self._source = source

    def find_class(self, module: str, name: str) -> Any:
        """Our stand-in for a name; never an import."""
        if module in ("torch", "torch.storage") and name in _STORAGES:
            return _StorageType(_STORAGES[name])
        if module == "torch" and name in _DTYPES:
            return _Name(_DTYPES[name])
        known = _NAMES.get(f"{module}.{name}")
        return known if known is not None else self._refuse(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Storage:
        """A reference to a storage: ("storage", type, key, device, count)."""
        kind, storage, key, _, count = pid
        if kind != "storage" or not isinstance(storage, _StorageType):
            raise ValueError("a reference to something other than a storage")
        return Storage(str(key), storage.dtype, _size(count))

    def _refuse(self, name: str) -> NoReturn:
        fail(
            self._source,
            f"its pickle wants to use {name[:80]}, which is code and no data; qmcu never runs code "
            "from a checkpoint: save the model's state_dict() alone",
        )


@dataclass(frozen=True)
class _StorageType:
    dtype: str


@dataclass(frozen=True)
class _Name:
    """A constant of torch, by its name."""

    name: str


def _size(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**62:
        raise ValueError(f"{str(value)[:40]} is no size")
    return value


def _sizes(values: Any) -> tuple[int, ...]:
    if not isinstance(values, tuple) or len(values) > 64:
        raise ValueError("a shape is missing")
    return tuple(map(_size, values))


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> PickledTensor:
    """torch._utils._rebuild_tensor_v2."""
    if not isinstance(storage, Storage):
        raise ValueError("a tensor without a storage")
    return PickledTensor(storage, _size(offset), _sizes(shape), _sizes(stride), storage.dtype)


def _typed_tensor(
    storage: Any, offset: Any, shape: Any, stride: Any, _grad: Any, _hooks: Any, dtype: Any, *_: Any
) -> PickledTensor:
    """torch._utils._rebuild_tensor_v3, for dtypes without a storage class."""
    plain = _tensor(storage, offset, shape, stride)
    if not isinstance(dtype, _Name):
        raise ValueError("a tensor without a dtype")
    return PickledTensor(plain.storage, plain.offset, plain.shape, plain.stride, dtype.name)


def _quantized(
    storage: Any, offset: Any, shape: Any, stride: Any, parameters: Any, *_: Any
) -> PickledTensor:
    """torch._utils._rebuild_qtensor: (scheme, scale, zero point) or tensors of them."""
    plain = _tensor(storage, offset, shape, stride)
    named = zip(("scales", "zero_points"), parameters[1:3], strict=True)
    tensors = tuple((name, t) for name, t in named if isinstance(t, PickledTensor))
    return replace(plain, parameters=tensors)


def _first(value: Any, *_: Any) -> Any:
    """torch._utils._rebuild_parameter and the like: the tensor without its decoration."""
    return value


def _ordered(*values: Any) -> OrderedDict[Any, Any]:
    """collections.OrderedDict; pickles fill it afterwards, so a copy is never asked for."""
    if values:
        raise ValueError("a dictionary made of another one")
    return OrderedDict()


def _few(values: Any = ()) -> Any:
    """torch.Size and set: short, so that copies of copies cannot fill the memory."""
    if len(values) > 64:
        raise ValueError("a shape of over 64 extents")
    return tuple(values)


def _nothing(*_: Any) -> None:
    """A device, a layout: of no size."""


_NAMES: dict[str, Callable[..., Any] | _Name] = {
    "collections.OrderedDict": _ordered,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _typed_tensor,
    "torch._utils._rebuild_qtensor": _quantized,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._tensor._rebuild_from_type_v2": lambda _rebuild, _kind, values, *_: _tensor(*values),
    "torch.nn.parameter.Parameter": _Name("Parameter"),
    "torch.Size": _few,
    "torch.device": _nothing,
    "torch.serialization._get_layout": _nothing,
    "torch.per_tensor_affine": _Name("per_tensor_affine"),
    "torch.per_channel_affine": _Name("per_channel_affine"),
    "torch.per_channel_affine_float_qparams": _Name("per_channel_affine_float_qparams"),
    "torch.strided": _Name("strided"),
    "builtins.set": _few,
}
