"""A firmware directory, read once: what every command about a finished build passes on."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from qmcu import documents
from qmcu.access import AccessKey, key_of_environment, load_access_key
from qmcu.board import Board, load_built_board
from qmcu.builder.firmware import FORMAT, read_file
from qmcu.builder.memory import MemoryReport
from qmcu.builder.several import models_of
from qmcu.compile.plan import Plan
from qmcu.compile.serialization import load_plan
from qmcu.errors import UsageError
from qmcu.files import BUILD_MARKER, MODELS_FOLDER, require_firmware
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model
from qmcu.text import printable

if TYPE_CHECKING:
    from qmcu.device.image import Image


class Model(NamedTuple):
    """The model that a firmware was built from, and its file's content."""

    graph: Graph
    content: bytes


def load_memory(directory: Path) -> MemoryReport:
    """The memory report of a firmware directory. Raises UsageError."""
    path = directory / BUILD_MARKER
    return documents.load(path, MemoryReport, "memory report of a firmware", version=FORMAT)


@dataclass(frozen=True)
class Firmware:
    """What `qmcu build` made: plan, board and memory report; image and model when asked for.

    Of an image of several models it is one of them, whose `directory` lies in that of the image,
    `root`; `number` is what requests call it. It can be sent to worker processes, which then read
    no file again; the model stays here.
    """

    directory: Path
    plan: Plan
    board: Board
    memory: MemoryReport
    root: Path
    number: int = 0
    # The key of a firmware that was built with --access, where it is known.
    access: AccessKey | None = None

    @classmethod
    def load(cls, directory: Path, access: Path | None = None) -> "Firmware":
        """Read a firmware directory; of several models that of one, DIRECTORY/models/NAME.

        `access` is its key file, else QMCU_ACCESS names it. Raises UsageError when it is none,
        damaged, of several, or was built without that option.
        """
        require_firmware(directory)
        root, number, place = directory, 0, directory.resolve()
        if place.parent.name == MODELS_FOLDER and place.name in models_of(place.parents[1]):
            near = directory if directory.parent.name == MODELS_FOLDER else place
            root = near.parents[1]
            number = models_of(root).index(place.name)
        elif names := models_of(directory):
            folders = " or ".join(str(directory / MODELS_FOLDER / name) for name in names)
            raise UsageError(f"{directory} holds {len(names)} models; name one as {folders}.")
        memory = load_memory(directory)
        plan = load_plan(directory / "plan.json")
        firmware = cls(directory, plan, load_built_board(directory), memory, root, number)
        if firmware.has_access_control:
            key = load_access_key(access) if access is not None else key_of_environment()
            return replace(firmware, access=key)
        if access is not None:
            raise UsageError(f"{directory} was built without --access; it takes no key.")
        return firmware

    @classmethod
    def load_all(
        cls, directory: Path, model: str | None = None, access: Path | None = None
    ) -> tuple["Firmware", ...]:
        """Each model of a firmware directory, in order, or the `model` of that name alone.

        Raises UsageError as `load`, and for a name that is none of theirs.
        """
        names = models_of(directory)
        if not names and model is None:
            return (cls.load(directory, access),)
        if model is not None and model not in names:
            have = f"it holds {', '.join(names)}" if names else "it holds one; leave --model out"
            raise UsageError(f"{directory} has no model {printable(model)}; {have}.")
        chosen = names if model is None else (model,)
        return tuple(cls.load(directory / MODELS_FOLDER / name, access) for name in chosen)

    @property
    def is_one_of_several(self) -> bool:
        """Whether other models are in the same image."""
        return self.root != self.directory

    def together(self) -> tuple["Firmware", ...]:
        """Every model of the image, in order: this one where it is alone."""
        if not self.is_one_of_several:
            return (self,)
        parts = (self.load(self.root / MODELS_FOLDER / name) for name in models_of(self.root))
        return tuple(replace(part, access=self.access) for part in parts)

    @property
    def is_release(self) -> bool:
        """Whether it was built with --release: the macro of its board.h."""
        return self._defines("QMCU_RELEASE")

    @property
    def has_access_control(self) -> bool:
        """Whether it was built with --access."""
        return self._defines("QMCU_ACCESS")

    def _defines(self, macro: str) -> bool:
        try:
            text = (self.root / "src/board.h").read_text()
        except (OSError, UnicodeDecodeError):
            return False
        return f"#define {macro} 1\n" in text

    @property
    def elf(self) -> Path:
        """The image as an ELF file."""
        return self.root / "firmware.elf"

    @cached_property
    def image(self) -> "Image":
        """What the ELF file holds.

        Raises DeviceError when it is damaged, UsageError when it is not the one in report.json.
        """
        # qmcu.device takes a Firmware everywhere, and needs emulators, which a report does not.
        from qmcu.device.image import read_image

        image = read_image(self.elf)
        if image.sha256 != self.memory.image_sha256:
            raise UsageError(
                f"{self.elf} is not the image that {BUILD_MARKER} describes (SHA-256 "
                f"{image.sha256[:16] or 'unknown'} instead of {self.memory.image_sha256[:16]}): "
                "sources were changed and made again, or it is damaged; run `qmcu build` again."
            )
        return image

    @cached_property
    def model(self) -> Model:
        """The model. Raises UsageError when model.tflite is no longer what was compiled."""
        path = self.directory / "model.tflite"
        content = read_file(path)
        graph = parse_model(content, self.plan.name, source=str(path))
        if graph.sha256 != self.plan.model_sha256:
            raise UsageError(f"{path} is not the model that was compiled; build again.")
        return Model(graph, content)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "model"}
