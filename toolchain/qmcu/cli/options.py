"""What the commands share: how one is declared, and the options that are alike everywhere."""

import importlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import rich_click as click

PATH = click.Path(path_type=Path)
# Parameters that name a file or folder to write; the others of type PATH are read.
OUTPUTS = frozenset(
    {"output", "json_file", "log", "prometheus", "html_file", "junit", "sarif", "reference",
     "platformio", "cmake", "zephyr", "cmsis_toolbox", "arduino"}
)  # fmt: skip
EXAMPLES = {
    "attack": "qmcu attack pq --data digits --trigger patch -o attacked --html attack.html",
    "audit": "qmcu audit --float model.keras --int8 model.tflite --data test.npz --html audit.html",
    "bench": "qmcu bench model.tflite --board stm32f746 --kernels portable,native --layers",
    "boards": "qmcu boards --fits model.tflite",
    "build": "qmcu build model.tflite --board stm32f746 -o firmware",
    "convert": "qmcu convert model.keras --calibration train.npz -o model.tflite",
    "defend": "qmcu defend dithered --float model.keras --calibration train.npz -o safe.tflite",
    "doctor": "qmcu doctor",
    "export": "qmcu export model.tflite --board stm32f746 --cmake library",
    "flash": "qmcu flash firmware --port auto",
    "frontier": "qmcu frontier model.keras --data test.npz --board stm32f746 -o frontier",
    "html": "qmcu html --attack attacked --verify verify.json -o story.html",
    "init": "qmcu init model.tflite --board stm32f746",
    "inspect": "qmcu inspect model.tflite",
    "monitor fit": "qmcu monitor fit model.tflite --data train.npz -o monitor.json",
    "monitor watch": "qmcu monitor watch firmware --on serial:auto --html monitor.html",
    "report": "qmcu report firmware --html memory.html",
    "serve": "qmcu serve firmware --link /tmp/board",
    "sign": "qmcu sign firmware --key release --material float=model.keras --result test.json",
    "trust key": "qmcu trust key -o release",
    "trust access-key": "qmcu trust access-key -o device.key",
    "trust verify": "qmcu trust verify firmware --key release.pub",
    "trust check": "qmcu trust check firmware --policy policy.toml",
    "evidence sign": "qmcu evidence sign test.json --key release",
    "evidence verify": "qmcu evidence verify test.dsse.json --key release.pub",
    "shelf list": "qmcu shelf list shelf.toml",
    "shelf run": "qmcu shelf run shelf.toml --board stm32f746 -- pytest tests/hardware",
    "size": "qmcu size model.keras model.tflite --html size.html",
    "test": "qmcu test firmware --random 20 --on unicorn",
    "trigger make": "qmcu trigger make patch --shape 8,8,1 --target 0 -o trigger.json",
    "trigger show": "qmcu trigger show trigger.json --int8 model.tflite",
    "trigger apply": "qmcu trigger apply trigger.json --inputs test.npz -o triggered.npz",
    "tune": "qmcu tune model.tflite --board stm32f746 -o tune.json",
    "validate": "qmcu validate firmware --on serial:auto --reset --json board.json",
    "vectors make": "qmcu vectors make model.tflite --inputs test.npz -o vectors.npz",
    "verify": "qmcu verify firmware --trigger trigger.json --vectors test.npz --json verify.json",
}  # fmt: skip
Decorator = Callable[[Any], Any]


class Command(click.RichCommand):
    """A command whose help ends with an example, and that never writes over what it reads."""

    # What {methods} in the help stands for: asked for when it is read, for that takes long.
    methods: Callable[[], Iterable[str]] | None = None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """As click's, with the names of the registered methods, or what they need to be listed."""
        from qmcu.errors import ToolError

        if self.methods is not None and self.help is not None:
            try:
                names = ", ".join(self.methods())
            except (ImportError, ToolError):
                names = "listed where the packages of the extra backdoor are (`qmcu doctor`)"
            self.help = self.help.replace("{methods}", names)
        super().format_help(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it. Raises UsageError when an output is one of the inputs or another output."""
        refuse_overwriting(ctx.params)
        return super().invoke(ctx)


class Group(click.RichGroup):
    """A group of commands, which tells the nearest ones when there is none of a name."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> Any:
        """The command. Raises UsageError."""
        from qmcu.errors import UsageError
        from qmcu.text import nearest

        found = super().get_command(ctx, cmd_name)
        if found is None:
            near = nearest(cmd_name, tuple(self.commands))
            raise UsageError(
                f"there is no command {self.name} {cmd_name!r}{near}; `qmcu {self.name} --help` "
                "lists them."
            )
        return found


def declare_group(name: str) -> Decorator:
    """Declare a group of commands; its help ends with the example of its first one."""
    example = next(text for command, text in EXAMPLES.items() if command.startswith(f"{name} "))
    decorator: Decorator = click.group(name, cls=Group, epilog=f"Example: {example}")
    return decorator


def refuse_overwriting(parameters: Mapping[str, Any]) -> None:
    """Raise UsageError when a parameter to write names the same place as another one."""
    from qmcu.files import refuse_same

    paths = [(name, path) for name, value in parameters.items() for path in _paths(value)]
    for i, (name, path) in enumerate(paths):
        others = (other for j, (_, other) in enumerate(paths) if j != i)
        if name in OUTPUTS:
            refuse_same(path, *others)


def _paths(value: Any) -> Iterable[Path]:
    if isinstance(value, Path):
        return [value]
    if isinstance(value, tuple):
        return [v for v in value if isinstance(v, Path)]
    return []


def declare(
    name: str,
    group: Any = click,
    *,
    methods: Callable[[], Iterable[str]] | None = None,
    **settings: Any,
) -> Decorator:
    """Declare a command, or one of a `group`; its help ends with its example.

    {methods} in the help stands for the names that `methods` gives.
    """
    full = name if group is click else f"{group.name} {name}"
    kind = type("Listing", (Command,), {"methods": staticmethod(methods)}) if methods else Command
    decorator: Decorator = group.command(
        name, cls=kind, epilog=f"Example: {EXAMPLES[full]}", **settings
    )
    return decorator


def _names(module: str, function: str) -> Callable[[], Iterable[str]]:
    return lambda: getattr(importlib.import_module(module), function)()


attack_names = _names("qmcu.backdoor.attacks", "load_attacks")
defence_names = _names("qmcu.backdoor.defences", "load_defences")


def trigger_kinds() -> Iterable[str]:
    """The kinds that `qmcu trigger make` knows."""
    from qmcu.backdoor.inputs.trigger_kinds import KINDS

    return KINDS


def signer(key: Path | None, json_file: Path | None) -> Callable[[Path], list[str]]:
    """What signs a result's file with the private key and says so; nothing without a key.

    Raises UsageError before any work, when there is no `json_file` or `key` is none.
    """
    if key is None:
        return lambda path: []
    from qmcu.errors import UsageError
    from qmcu.trust import load_private, sign_result

    if json_file is None:
        raise UsageError("--sign signs what --json writes; give --json FILE, too.")
    private = load_private(key)
    return lambda path: [f"signed {sign_result(path, private)} with {private.public}"]


def output_option(help_text: str, *, required: bool = True) -> Decorator:
    """-o: what the command is for writes to it."""
    return click.option("-o", "--output", required=required, type=PATH, help=help_text)


def html_option(what: str = "with tables and pictures") -> Decorator:
    """--html FILE."""
    return click.option("--html", "html_file", type=PATH, help=f"Write a page {what} here.")


json_option = click.option("--json", "json_file", type=PATH, help="Write JSON here.")
print_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
junit_option = click.option("--junit", type=PATH, help="Write JUnit XML here.")
sarif_option = click.option("--sarif", type=PATH, help="Write SARIF 2.1.0 here.")
resume_option = click.option(
    "--resume", type=PATH, help="Keep answers here; go on from them after an interruption."
)
decision_option = click.option(
    "--decision", metavar="RULE",
    help="What the first output means, where labels do not say it right: argmax, threshold=T, "
    "multi-label=T or regression.",
)  # fmt: skip
class_option = click.option(
    "--decision", metavar="RULE",
    help="argmax, or threshold=T for a model with one output [default: threshold=0.5]; 0 for one "
    "that ends in a logit.",
)  # fmt: skip
jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), help="Processes [default: one a core after a second]."
)
cluster_option = click.option(
    "--cluster", metavar="WHERE",
    help="Spread the work over a Dask cluster: local, tcp://HOST:PORT or a scheduler's file.",
)  # fmt: skip
access_option = click.option(
    "--access", type=PATH, metavar="KEYFILE",
    help="Key of firmware that was built with --access [default: the file of QMCU_ACCESS].",
)  # fmt: skip
signature_option = click.option(
    "--signature", help="Which of a SavedModel's functions [default: serving_default]."
)
custom_option = click.option(
    "--custom", multiple=True, metavar="FILE.py",
    help="A Python file or module that defines the model's own layers.",
)  # fmt: skip
trust_option = click.option(
    "--trust", is_flag=True,
    help="Run the Python code of Lambda layers, and SavedModels where nothing can confine them.",
)  # fmt: skip
limit_option = click.option(
    "--limit", type=click.IntRange(min=1), help="Take only the first inputs."
)
batch_option = click.option(
    "--batch", type=click.IntRange(min=1), help="What a batch that is free in MODEL becomes [1]."
)
io_option = click.option(
    "--io", type=click.Choice(["declared", "int8"]), default="declared", show_default=True,
    help="int8: without the QUANTIZE and DEQUANTIZE at MODEL's ends.",
)  # fmt: skip


def _use_operators(
    context: click.Context, parameter: click.Parameter, paths: tuple[Path, ...]
) -> None:
    from qmcu.errors import UsageError
    from qmcu.model.custom import load_operator, use_operators
    from qmcu.project import load_project

    try:
        project = load_project(Path())
    except UsageError:
        # Commands that need it say so.
        project = None
    paths = paths or (project.operators if project is not None else ())
    use_operators([load_operator(path) for path in paths])


# It is in force from here on: no command takes it as an argument.
operator_option = click.option(
    "--operator", "operators", type=PATH, multiple=True, callback=_use_operators,
    expose_value=False,
    help="A custom operator's description (.toml); may be given several times.",
)  # fmt: skip


def _use_oracle(context: click.Context, parameter: click.Parameter, name: str | None) -> None:
    if name is not None:
        from qmcu.model.engines import choose_engine

        choose_engine(name)


# It is in force from here on, in child processes and on a cluster's workers, too.
oracle_option = click.option(
    "--oracle", type=click.Choice(["tflite-micro", "portable"]), callback=_use_oracle,
    expose_value=False,
    help="What computes expected bytes [default: tflite-micro where it is installed, else qmcu's "
    "portable kernels on this computer].",
)  # fmt: skip
seed_option = click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of what is random."
)
arenas_option = click.option(
    "--arenas", type=click.Choice(["shared", "own"]),
    help="Several models take turns in one arena [default], or each has its own.",
)  # fmt: skip
place_option = click.option(
    "--place", "places", multiple=True, metavar="WHAT=WHERE",
    help="weights, arena or state=external: in the board's memories outside the chip.",
)  # fmt: skip
kernels_option = click.option("--kernels", help="Kernel set [default: native].")
optimize_option = click.option(
    "--optimize",
    type=click.Choice(["balanced", "speed", "size", "ram"]),
    default="balanced",
    show_default=True,
    help="What native kernels favour. balanced: more flash where it saves many instructions; "
    "speed: wherever it saves any; size: never; ram: slower forms where they take less RAM.",
)
cmsis_nn_option = click.option(
    "--cmsis-nn", type=PATH, help="Folder of CMSIS-NN [default: searched for]."
)
set_option = click.option(
    "--set", "assignments", multiple=True, metavar="NAME=VALUE",
    help="One of the method's own settings.",
)  # fmt: skip


def board_option(*, required: bool = False) -> Decorator:
    """--board NAME."""
    text = "Board; `qmcu boards` lists them."
    return click.option("--board", "board_name", required=required, help=text)
