"""What a piece of the image is for, from its object file, its section and its symbol."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePosixPath

from qmcu.codegen.models import Models, names_by_model
from qmcu.compile.plan import ConstantArgument, Plan, initial_name
from qmcu.files import MODELS_FOLDER

_KERNEL_FOLDER, _RUNTIME_FOLDER, _PORT_FOLDER = "kernels", "runtime", "port"
_CMSIS_NN_FOLDER = "cmsis_nn"
_STARTUP_NAMES = ("startup", "vectors")
# What the chip itself reads: vector table, boot stage, configuration.
_CHIP_SECTIONS = (".vectors", ".boot2", ".flash_configuration", ".image_definition", ".boot_table")
_PROTOCOL_NAMES = ("protocol", "crc32", "mlperf_tiny")
_PARAMETER_MARKS = ("_parameters", "_tensors_")
# What the layers' calls are given, and the table of them: code by another name.
_CALL_LISTS, _CALL_TABLE = "_arguments", "qmcu_model_layers"
_MODEL_TABLES = ("qmcu_model_inputs", "qmcu_model_outputs", "qmcu_models")
# Of an image of several models, each in a folder of its name: what stands between the name of
# those that bytes are for and the item.
OF_MODEL, AND_MODEL = ": ", "+"


class Category(StrEnum):
    """What bytes are for; the values are the words of the reports."""

    STARTUP = "vectors and startup"
    RUNTIME = "runtime"
    PORT = "port"
    KERNEL = "kernels"
    CMSIS_NN = "CMSIS-NN"
    MODEL_CODE = "model code"
    CONSTANTS = "constants"
    LIBRARY = "libraries"
    INITIAL = "initial values"
    ARENA = "arena"
    STATE = "state"
    STACK = "stack"
    PROTOCOL = "protocol buffers"
    STATIC = "static data"
    PADDING = "padding"


@dataclass(frozen=True)
class Purpose:
    """Category, then what in it (a kernel, layer or object), then its role for constants."""

    category: Category
    item: str = ""
    role: str = ""


@dataclass(frozen=True)
class Piece:
    """Bytes of one object in one output section; `symbol` is empty where it does not matter."""

    output: str
    section: str
    source: str
    symbol: str = ""


PADDING = Purpose(Category.PADDING)


def constant_owners(plan: Plan) -> dict[str, Purpose]:
    """C name of each constant to its layer and role; one that layers share goes to the first."""
    owners: dict[str, Purpose] = {}
    for call in plan.calls:
        for argument in call.all_arguments:
            if isinstance(argument, ConstantArgument) and argument.constant is not None:
                constant = argument.constant
                purpose = Purpose(Category.CONSTANTS, call.layer, constant.role)
                owners.setdefault(constant.name, purpose)
    for number, _ in enumerate(plan.states):
        purpose = Purpose(Category.CONSTANTS, "model", "initial state")
        owners.setdefault(initial_name(number), purpose)
    return owners


def owners_by_model(models: Models) -> dict[str, Purpose]:
    """As `constant_owners`, for all models of an image; of several an item says whose it is."""
    if not models.several:
        return constant_owners(models.plans[0])
    owners: dict[str, Purpose] = {}
    users: dict[str, list[str]] = {}
    for plan, names in names_by_model(models):
        purposes = constant_owners(plan)
        for constant, name in names.items():
            owners.setdefault(name, purposes[constant.name])
            if plan.name not in users.setdefault(name, []):
                users[name].append(plan.name)
    return {n: _of_model(p, AND_MODEL.join(users[n])) for n, p in owners.items()}


def _of_model(purpose: Purpose, model: str) -> Purpose:
    return replace(purpose, item=f"{model}{OF_MODEL}{purpose.item}") if model else purpose


def model_of(source: str) -> str:
    """The model whose object this is, in an image of several; empty for all else."""
    folder = PurePosixPath(source.partition("(")[0]).parent
    return folder.name if folder.parent.name == MODELS_FOLDER else ""


def classify(piece: Piece, owners: Mapping[str, Purpose]) -> Purpose:
    """The purpose of a piece that is neither fill nor a copy of initial values."""
    if model := model_of(piece.source):
        purpose = _classify(piece, owners, model)
        return purpose if piece.symbol in owners else _of_model(purpose, model)
    return _classify(piece, owners)


def _classify(piece: Piece, owners: Mapping[str, Purpose], model: str = "qmcu_model") -> Purpose:
    if piece.output == ".stack":
        return Purpose(Category.STACK)
    if piece.output == ".arena":
        return Purpose(Category.ARENA)
    if piece.section == f".bss.{model}_state":
        return Purpose(Category.STATE)
    name = object_name(piece.source)
    if piece.section.startswith((".data", ".bss", ".noinit", "COMMON")):
        protocol = name in _PROTOCOL_NAMES and not piece.section.startswith(".data")
        return Purpose(Category.PROTOCOL if protocol else Category.STATIC, name)
    if piece.section.startswith(_CHIP_SECTIONS) or name in _STARTUP_NAMES:
        return Purpose(Category.STARTUP, name)
    if is_model_object(piece.source):
        return _model(piece, owners, model)
    folder = PurePosixPath(piece.source.partition("(")[0]).parent.name
    if folder in (_KERNEL_FOLDER, _CMSIS_NN_FOLDER) and _is_table(piece.section):
        return Purpose(Category.CONSTANTS, name, "table")
    for part, category in (
        (_KERNEL_FOLDER, Category.KERNEL),
        (_CMSIS_NN_FOLDER, Category.CMSIS_NN),
        (_RUNTIME_FOLDER, Category.RUNTIME),
        (_PORT_FOLDER, Category.PORT),
    ):
        if folder == part:
            return Purpose(category, name)
    return Purpose(Category.LIBRARY, name)


def is_model_object(source: str) -> bool:
    """True for the objects of model.c, model_data.c and models.c, whose symbols say what for."""
    return object_name(source) in ("model", "model_data", "models") and "(" not in source


def _is_table(section: str) -> bool:
    """Whether it holds a table of numbers that a kernel brings itself, beside those of a model."""
    return section.startswith(".rodata.") and "table" in section


def object_name(source: str) -> str:
    """`src/kernels/add.o` is `add`; `/.../libgcc.a(_udivmoddi4.o)` is `libgcc _udivmoddi4`."""
    archive, _, member = source.partition("(")
    stem = PurePosixPath(archive).name.split(".")[0]
    return f"{stem} {member.split('.')[0].removeprefix('lib_a-')}" if member else stem


def _model(piece: Piece, owners: Mapping[str, Purpose], model: str) -> Purpose:
    if piece.symbol in owners:
        return owners[piece.symbol]
    for mark in _PARAMETER_MARKS:
        layer, found, _ = piece.symbol.partition(mark)
        if found:
            return Purpose(Category.CONSTANTS, layer, "parameters")
    if piece.symbol:
        symbol = piece.symbol.replace(f"{model}_", "qmcu_model_", 1)
        if symbol == _CALL_TABLE or symbol.endswith(_CALL_LISTS):
            return Purpose(Category.MODEL_CODE, "layer calls")
        role = "calls" if symbol in _MODEL_TABLES else "identity"
        return Purpose(Category.CONSTANTS, "model", role)
    return Purpose(Category.MODEL_CODE, "layer calls")
