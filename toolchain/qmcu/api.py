"""The library in a few calls: what the commands do, with values in and values out.

    import qmcu

    qmcu.convert("model.keras", "train.npz", "model.tflite")
    firmware = qmcu.build("model.tflite", "stm32f746")
    print(firmware.memory.used("flash"), firmware.memory.used("RAM"))
    assert qmcu.test(firmware, random=100).passed
    print(qmcu.audit(float_model="model.keras", int8_model="model.tflite").verdict)

What `qmcu.__all__` lists is stable: within a major version its names, parameters and the fields of
its results stay. What else the packages hold may change with any version.
Paths may be text. Every function raises `QmcuError`, whose text is the sentence that the command
would print and whose `exit_code` is the command's.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from qmcu.backdoor.defences.files import Defended
    from qmcu.backdoor.detectors import AuditResult
    from qmcu.backdoor.verification import Verification
    from qmcu.board import Board
    from qmcu.builder.several import Several
    from qmcu.comparison import TestResult
    from qmcu.firmware import Firmware
    from qmcu.model.convert import Conversion
    from qmcu.model.inspect import Inspection
    from qmcu.model.vectors import Vectors

PathLike = str | os.PathLike[str]


def convert(
    model: "PathLike | Any",
    calibration: "PathLike | Any | None",
    output: PathLike,
    *,
    per_tensor: bool = False,
    activations: str = "int8",
    limit: int | None = None,
    example_inputs: "Sequence[Any] | None" = None,
) -> "Conversion":
    """Make `output`, an integer .tflite, of a model's file or of a PyTorch nn.Module in memory.

    `model` is a .keras, .h5, SavedModel, .onnx, .pt2 or float .tflite, or a module, which is
    traced on `example_inputs` by torch.export. `calibration` is an .npz with `inputs`, a folder of
    pictures or sounds, `module:function`, or arrays (one, or a mapping by input): real values as
    the float model takes them, [N, ...], of which the first `limit` are used; None for a model that
    is quantized already (QDQ, QOperator, PT2E), whose integers and scales are kept. `per_tensor`
    gives a weight tensor one scale instead of one a channel. `activations` are int8, or int16
    beside int8 weights (16x8). Raises ToolError without the packages of the converter, ModelError,
    UsageError or VectorError for the files.
    """
    from qmcu.compile import unsupported
    from qmcu.conversion.files import convert_file
    from qmcu.conversion.modules import calibration_source, model_file
    from qmcu.conversion.samples import SampleOptions
    from qmcu.files import write_atomic

    with model_file(model, example_inputs) as path, calibration_source(calibration) as samples:
        conversion = convert_file(
            path, samples, per_tensor=per_tensor, activations=activations,
            options=SampleOptions(limit=limit), problems=unsupported,
        ).conversion  # fmt: skip
    write_atomic(Path(output), conversion.model)
    return conversion


def inspect(model: PathLike) -> "Inspection":
    """Operators, shapes, quantization, MACs, parameters and a lower bound of the arena in bytes.

    Raises ModelError when `model` is no .tflite that can be read.
    """
    from qmcu.model.inspect import inspect_graph
    from qmcu.model.reader import read_model

    return inspect_graph(read_model(Path(model)))


@overload
def build(
    model: PathLike, board: "str | Board", output: PathLike | None = None, **options: Any
) -> "Firmware": ...
@overload
def build(
    model: Sequence[PathLike],
    board: "str | Board",
    output: PathLike | None = None,
    *,
    names: Sequence[str] | None = None,
    arenas: str = "shared",
    **options: Any,
) -> "tuple[Firmware, ...]": ...
def build(
    model: PathLike | Sequence[PathLike],
    board: "str | Board",
    output: PathLike | None = None,
    *,
    names: Sequence[str] | None = None,
    arenas: str | None = None,
    **options: Any,
) -> "Firmware | tuple[Firmware, ...]":
    """Compile a .tflite into firmware for `board` (a name, or a Board) in the folder `output`.

    `options` are the fields of `qmcu.BuildOptions`: kernels, optimize, io, batch and so on. Without
    `output` the folder is build/MODEL-BOARD. A list of models becomes one image, and a `Firmware`
    for each in order: under `names` [default: their files'], taking turns in one arena (`arenas`
    "shared") or with one each ("own"). Raises ModelError, UnsupportedModelError (with every
    reason), DoesNotFitError (with how far off), ToolError without a compiler, UsageError.
    """
    from qmcu.board import load_board
    from qmcu.builder import BuildOptions, build_firmware
    from qmcu.builder.several import default_folder
    from qmcu.firmware import Firmware

    source = _source(model, names, arenas)
    board = load_board(board) if isinstance(board, str) else board
    folder = Path(output) if output is not None else default_folder(source, board.name)
    build_firmware(source, board, folder, _options(BuildOptions(), options, "build"))
    return Firmware.load(folder) if isinstance(source, Path) else Firmware.load_all(folder)


def vectors(
    model: PathLike, inputs: PathLike, output: PathLike | None = None, *, limit: int | None = None
) -> "Vectors":
    """Inputs of an .npz with the bytes that the interpreter answers; written to `output`, if given.

    Raises ModelError for the model, VectorError for the inputs.
    """
    from qmcu.model.reader import parse_model
    from qmcu.model.unpack import read_model_file
    from qmcu.model.vectors import make_vectors, read_inputs, save_vectors

    content = read_model_file(Path(model))
    graph = parse_model(content, Path(model).stem, source=str(model))
    arrays, labels, triggered = read_inputs(Path(inputs), graph, limit)
    made = make_vectors(graph, content, arrays, labels=labels, triggered=triggered)
    if output is not None:
        save_vectors(made, Path(output))
    return made


@overload
def test(
    firmware: "Firmware | PathLike",
    *,
    on: str | None = None,
    vectors: "Vectors | PathLike | None" = None,
    random: int = 20,
    steps: int | None = None,
    seed: int = 0,
    **options: Any,
) -> "TestResult": ...
@overload
def test(
    firmware: "Sequence[Firmware]",
    *,
    on: str | None = None,
    random: int = 20,
    steps: int | None = None,
    seed: int = 0,
) -> "tuple[TestResult, ...]": ...
def test(
    firmware: "Firmware | PathLike | Sequence[Firmware]",
    *,
    on: str | None = None,
    vectors: "Vectors | PathLike | None" = None,
    random: int = 20,
    steps: int | None = None,
    seed: int = 0,
    **options: Any,
) -> "TestResult | tuple[TestResult, ...]":
    """Run vectors on the firmware and compare every output byte with the interpreter's.

    `on` is an emulator (unicorn, qemu, renode) or serial:PORT; the board's default when None.
    Without `vectors` (a file of them or what `qmcu.vectors` gave) `random` inputs are made, or as
    many sequences of `steps` of a model that keeps a state. `options` are the fields of
    `qmcu.RunOptions`. The models of one image, as `build` gives them, run in turn on random inputs,
    and a result of each comes back. The result's `passed` is true when all bytes are equal. Raises
    UsageError, VectorError, DeviceError or GuestFault (the firmware crashed, and where).
    """
    from qmcu.comparison import RunOptions, run_in_turn, run_vectors
    from qmcu.device.targets import default_target
    from qmcu.errors import UsageError
    from qmcu.model.vectors import Vectors, load_vectors, random_vectors

    if isinstance(firmware, Sequence) and not isinstance(firmware, str):
        if vectors is not None or options:
            raise UsageError("several models in turn take random inputs and no options.")
        target = on or default_target(firmware[0].board)
        return run_in_turn(firmware, target, random, steps, seed)
    loaded = _firmware(firmware)
    graph, content = loaded.model
    if vectors is None:
        chosen = random_vectors(graph, content, random, seed=seed, steps=steps)
        source = f"{random} random inputs, seed {seed}"
    elif isinstance(vectors, Vectors):
        chosen, source = vectors, "the caller's"
    else:
        chosen, source = load_vectors(Path(vectors), graph), str(vectors)
    run = _options(RunOptions(), options, "test")
    return run_vectors(loaded, on or default_target(loaded.board), chosen, source, run)


def audit(
    *,
    float_model: PathLike | None = None,
    int8_model: PathLike | None = None,
    data: PathLike | None = None,
    calibration: PathLike | None = None,
    output: str | None = None,
    deep: bool = False,
    seed: int = 0,
) -> "AuditResult":
    """Look for a backdoor that quantization wakes up, in a float model, an int8 .tflite or both.

    `data`, an .npz with `inputs` and maybe `labels`, makes it sharper, and `calibration`, all
    inputs that the int8 file was calibrated with, more so; `deep` runs slow detectors too. Of
    several outputs each is audited, or the one called `output`. Raises UsageError without any
    model, ModelError or VectorError for a file.
    """
    from qmcu.backdoor.detectors import audit_files

    given = (float_model, int8_model, data, calibration)
    *named, exact = (None if file is None else Path(file) for file in given)
    return audit_files(*named, calibration=exact, output=output, slow=deep, seed=seed)[0]


def defend(
    float_model: PathLike,
    calibration: PathLike,
    output: PathLike,
    *,
    method: str | None = None,
    seed: int = 0,
    **settings: float,
) -> "Defended":
    """Quantize a float model so that a backdoor in it stays asleep; writes `output`, a .tflite.

    `method` None tries every one and keeps the best whose audit passes; `settings` are those of
    the method. Raises ModelError, VectorError, UsageError, ToolError or CheckFailedError.
    """
    from qmcu.backdoor.defences import defend_file

    return defend_file(
        Path(float_model), Path(calibration), Path(output),
        method=method, settings=settings, seed=seed,
    )  # fmt: skip


def verify(
    firmware: "Firmware | PathLike",
    trigger: PathLike,
    inputs: PathLike,
    *,
    float_model: PathLike | None = None,
    on: str | None = None,
    limit: int | None = None,
    jobs: int | None = None,
) -> "Verification":
    """What a trigger does to the firmware on the device: rates with intervals, and a verdict.

    `inputs` is an .npz with clean `inputs` and their `labels`; `float_model` a float model to
    measure as well. Raises UsageError, VectorError, ModelError, DeviceError or GuestFault.
    """
    from qmcu.backdoor.inputs import load_trigger
    from qmcu.backdoor.verification import VerifyOptions
    from qmcu.backdoor.verification import verify as run_verify
    from qmcu.comparison import RunOptions
    from qmcu.device.targets import default_target

    loaded = _firmware(firmware)
    reference = None if float_model is None else Path(float_model)
    run = run_verify(
        loaded,
        on or default_target(loaded.board),
        load_trigger(Path(trigger)),
        Path(inputs),
        VerifyOptions(float_model=reference, limit=limit),
        RunOptions(jobs=jobs),
        lambda stage, done, total: None,
    )
    return run.result


def _source(
    model: PathLike | Sequence[PathLike], names: Sequence[str] | None, arenas: str | None
) -> "Path | Several":
    """What an image is of. Raises UsageError for what only several models can have."""
    from qmcu.builder.several import name_models
    from qmcu.errors import UsageError

    if isinstance(model, (str, os.PathLike)):
        if names is not None or arenas is not None:
            raise UsageError("names and arenas are of several models in one image; give a list.")
        return Path(model)
    if arenas not in (None, "shared", "own"):
        raise UsageError(f"arenas is 'shared' or 'own', not {arenas!r}.")
    if len(model) < 2:
        raise UsageError("a list of models is of several; give one alone as a path.")
    listed = ",".join(names) if names is not None else None
    return name_models([Path(one) for one in model], listed, "own" if arenas == "own" else "shared")


def _firmware(firmware: "Firmware | PathLike") -> "Firmware":
    from qmcu.firmware import Firmware

    return firmware if isinstance(firmware, Firmware) else Firmware.load(Path(firmware))


def _options(defaults: Any, given: dict[str, Any], function: str) -> Any:
    """`defaults` with what was given. Raises UsageError for an option that there is none of."""
    from qmcu.errors import UsageError
    from qmcu.text import nearest

    for name in given:
        if not hasattr(defaults, name):
            near = nearest(name, tuple(vars(defaults)))
            raise UsageError(f"qmcu.{function} has no option {name!r}{near}.")
    return replace(defaults, **given)
