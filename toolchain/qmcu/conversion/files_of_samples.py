"""Folders of pictures and of sounds as a model's inputs; folders in them are classes."""

import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.conversion.preprocessing import Preprocessing
from qmcu.conversion.samples import SampleOptions, Samples
from qmcu.conversion.signatures import InputSpec
from qmcu.errors import UsageError, VectorError
from qmcu.extras import load_module
from qmcu.types import Array, Float32Array

PICTURES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm", ".pgm", ".tif",
                      ".tiff"))  # fmt: skip
SOUNDS = frozenset((".wav",))
_FULL_SCALE = 32768
# What becomes of one is its size in float32; a picture of more pixels is a mistake or a trap.
_MAX_PIXELS = 100_000_000


def read_folder(folder: Path, spec: InputSpec, options: SampleOptions) -> Samples:
    """The files of a folder, in the order of their names, as rows of the one input.

    Where all lie in folders, these are the classes, in the order of their names. Raises VectorError
    for a folder without pictures or sounds or with both, and for a file that cannot be read.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES | SOUNDS)
    kinds = {p.suffix.lower() in SOUNDS for p in files}
    if len(kinds) != 1:
        what = "both pictures and sounds" if files else "no pictures (.png, .jpg, ...) and no .wav"
        raise VectorError(f"{folder} holds {what}; give a folder of one kind.")
    count = len(files) if options.limit is None else options.limit
    if options.share is not None:
        count = min(count, max(1, round(len(files) * options.share)))
    if count < len(files):
        # Some of every class: the first files would all be of the first.
        files = [files[i] for i in _spread(len(files), count)]
    sound = kinds.pop()
    given = _audio(folder, spec, options) if sound else _image(folder, spec, options)
    read = _sound_reader(spec, given, options) if sound else _picture_reader(spec, given)
    rows = np.stack([read(path) for path in files])
    return Samples({spec.name: rows}, _classes(folder, files), given)


def _spread(total: int, count: int) -> list[int]:
    return sorted({round(i) for i in np.linspace(0, total - 1, count)})


def _classes(folder: Path, files: Sequence[Path]) -> Any:
    names = [p.relative_to(folder).parts[0] if p.parent != folder else "" for p in files]
    if not all(names) or len(set(names)) < 2:
        return None
    order = sorted(p.name for p in folder.iterdir() if p.is_dir())
    return np.array([order.index(name) for name in names], np.int64)


def _image(folder: Path, spec: InputSpec, options: SampleOptions) -> Preprocessing:
    height, width, _ = _picture_shape(folder, spec, options.resize)
    if options.scale is None:
        raise UsageError(
            f"{folder} holds pictures of pixels 0 to 255; say what the model takes with --scale: "
            "1 for 0 to 255, 1/255 for 0 to 1, 1/127.5 with --mean 1 for -1 to 1."
        )
    return Preprocessing("image", options.scale, options.mean, options.std, height, width)


def _picture_shape(
    folder: Path, spec: InputSpec, resize: tuple[int, int] | None
) -> tuple[int, int, int]:
    """Height, width and channels of the input [N, H, W, C] or [N, H, W]."""
    shape = spec.shape[1:]
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3)):
        if len(shape) == 3 and shape[0] in (1, 3):
            raise UsageError(
                f"{folder} holds pictures and {spec} has its channels first; give an .npz."
            )
        raise VectorError(f"{folder} holds pictures and {spec} takes none.")
    height, width = shape[0], shape[1]
    if resize is not None:
        for own, wanted in ((height, resize[0]), (width, resize[1])):
            if own not in (None, wanted):
                raise UsageError(f"--resize {resize[0]}x{resize[1]} does not fit {spec}.")
        height, width = resize
    if height is None or width is None:
        raise UsageError(f"{spec} takes pictures of any size; choose one with --resize HxW.")
    return height, width, int(shape[2] or 3) if len(shape) == 3 else 1


def _picture_reader(spec: InputSpec, given: Preprocessing) -> Callable[[Path], Float32Array]:
    pillow = load_module("PIL.Image", "reading pictures")
    gray = len(spec.shape) == 3 or spec.shape[3] == 1
    mean, std = (np.array(values, np.float32) for values in (given.mean, given.std))
    shape = (given.height, given.width, *(() if len(spec.shape) == 3 else (1 if gray else 3,)))

    def read(path: Path) -> Float32Array:
        try:
            with pillow.open(path) as picture:
                if picture.width * picture.height > _MAX_PIXELS:
                    raise VectorError(f"{path} has {picture.width} x {picture.height} pixels.")
                small = picture.convert("L" if gray else "RGB").resize(
                    (given.width, given.height), pillow.Resampling.BILINEAR
                )
                pixels = np.asarray(small, np.float32).reshape(shape)
        except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError) as error:
            raise VectorError(f"{path} is no readable picture ({error}).") from error
        return np.asarray((pixels * np.float32(given.scale) - mean) / std, np.float32)

    return read


def _audio(folder: Path, spec: InputSpec, options: SampleOptions) -> Preprocessing:
    if options.front_end is not None:
        return Preprocessing("audio", 1.0, front_end=str(options.front_end))
    sizes = [n for n in spec.shape[1:] if n != 1]
    if len(sizes) != 1 or sizes[0] is None:
        raise UsageError(
            f"{folder} holds sounds and {spec} takes no run of samples: it takes features; give "
            "what computes them on the device with --front-end FILE.tflite, or the features as an "
            ".npz."
        )
    scale = 1 / _FULL_SCALE if options.scale is None else options.scale
    return Preprocessing("audio", scale, options.mean, options.std)


def _sound_reader(
    spec: InputSpec, given: Preprocessing, options: SampleOptions
) -> Callable[[Path], Float32Array]:
    if options.front_end is not None:
        from qmcu.conversion.front_end import FrontEnd

        features = FrontEnd(options.front_end, spec, options.stride)
        return lambda path: features.run(read_sound(path))
    shape = tuple(int(n or 1) for n in spec.shape[1:])
    length = int(np.prod(shape))

    def read(path: Path) -> Float32Array:
        samples = np.zeros(length, np.float32)
        found = read_sound(path)[:length]
        samples[: len(found)] = found
        real = (samples * given.scale - np.float32(given.mean[0])) / np.float32(given.std[0])
        return np.asarray(real.reshape(shape), np.float32)

    return read


def read_sound(path: Path) -> Array:
    """The samples of a .wav file, int16 [N]; several channels are averaged.

    Raises VectorError for what is no PCM of 8 or 16 bits.
    """
    try:
        with wave.open(str(path), "rb") as sound:
            width, channels = sound.getsampwidth(), sound.getnchannels()
            data = sound.readframes(sound.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise VectorError(
            f"{path} is no readable .wav file ({error or 'it is cut off'})."
        ) from error
    if width not in (1, 2):
        raise VectorError(f"{path} has samples of {8 * width} bits; 8 and 16 are read.")
    values: Array = np.frombuffer(data[: len(data) // (width * channels) * width * channels],
                                  "<i2" if width == 2 else np.uint8)  # fmt: skip
    if width == 1:
        values = (values.astype(np.int16) - 128) * 256
    return np.asarray(values.reshape(-1, channels).mean(axis=1), np.int16)
