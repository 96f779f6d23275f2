"""The runner's data folder: one file of raw bytes an input, and y_labels.csv."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.inputs import load_dataset


def write_data(
    folder: Path, benchmark: str, inputs: npt.NDArray[np.generic], labels: list[int], classes: int
) -> Path:
    """Write FOLDER/BENCHMARK as the runner reads it; `inputs` [N, ...] are sent as they are.

    A line is: file, number of classes, class; for ad01, whose files hold overlapping windows, the
    bytes of a window and the step between windows follow.
    """
    place = folder / benchmark
    place.mkdir(parents=True, exist_ok=True)
    lines = []
    for index, (values, label) in enumerate(zip(inputs, labels, strict=True)):
        name = f"input_{index:05d}.bin"
        content = values.tobytes()
        (place / name).write_bytes(content)
        window = f",{len(content)},{len(content)}" if benchmark == "ad01" else ""
        lines.append(f"{name},{classes},{label}{window}\n")
    (place / "y_labels.csv").write_text("".join(lines))
    return place


def write_images(folder: Path, data: Path, count: int) -> Path:
    """The first `count` test images of CIFAR-10 as ic01: unsigned bytes, red, green, blue."""
    images = load_dataset(str(data), limit=count)
    pixels = np.rint(images.test_inputs * 255).astype(np.uint8)
    return write_data(folder, "ic01", pixels, images.test_labels.tolist(), images.classes)
