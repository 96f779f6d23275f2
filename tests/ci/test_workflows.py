"""The CI workflows: right by their schemas, and run here step by step, with emulated boards."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from tests.support.firmware_project import build_chain, write_chain
from tests.support.places import REPOSITORY

GITHUB = REPOSITORY / ".github/workflows/hil.yml"
SYSTEMS = REPOSITORY / ".github/workflows/systems.yml"
GITLAB = REPOSITORY / "ci/gitlab/hil.yml"
TEST = """
def test_bytes(qmcu_device):
    qmcu_device.check(random=5)
"""
INPUT = re.compile(r"\$\{\{ inputs\.(\w+) \}\}")
CONDITION = re.compile(r"inputs\.(\w+) != ''")


@pytest.mark.parametrize(
    ("file", "schema"),
    [(GITHUB, "github-workflows"), (SYSTEMS, "github-workflows"), (GITLAB, "gitlab-ci")],
)
def test_the_schema_takes_it(file: Path, schema: str) -> None:
    pytest.importorskip("check_jsonschema")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_systems_run_pinned_actions_and_the_first_job_of_a_new_user(tmp_path: Path) -> None:
    document = yaml.safe_load(SYSTEMS.read_text())
    job = document["jobs"]["install"]
    actions = [step["uses"] for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in actions)
    assert job["permissions"] == {"contents": "read"} and document["permissions"] == {}
    assert any("first_job.py" in step.get("run", "") for step in job["steps"])
    path = os.pathsep.join(p for p in sys.path if p)
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "ci/first_job.py")], cwd=tmp_path, text=True,
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 of 20 outputs equal" in done.stdout


def github_steps() -> tuple[dict[str, Any], dict[str, str], list[dict[str, Any]]]:
    """Inputs, environment and steps of the job on the runner of the boards."""
    document = yaml.safe_load(GITHUB.read_text())
    job = document["jobs"]["hil"]
    # YAML 1.1 reads `on` as true.
    return document[True]["workflow_call"]["inputs"], job["env"], job["steps"]


def test_no_input_gets_into_a_script() -> None:
    _, _, steps = github_steps()
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 4
    assert not any("${{" in script for script in scripts)


def test_nothing_is_given_that_is_not_needed() -> None:
    text = GITHUB.read_text()
    document = yaml.safe_load(text)
    used = [s["uses"] for job in document["jobs"].values() for s in job["steps"] if "uses" in s]
    assert len(used) == 4
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used)
    assert "secrets" not in document[True]["workflow_call"]
    assert "secrets." not in text
    assert document["permissions"] == {}
    boards, findings = document["jobs"]["hil"], document["jobs"]["findings"]
    assert boards["permissions"] == {"contents": "read"}
    assert boards["steps"][0]["with"] == {"persist-credentials": False}
    assert "head.repo.fork != true" in boards["if"] and "pull_request_target" in boards["if"]
    assert not any("run" in step for step in findings["steps"])


class Board:
    """An emulated board behind a pseudo-terminal, with a shelf that flashes it."""

    def __init__(self, folder: Path) -> None:
        self.firmware = build_chain(folder, seed=6)
        link = folder / "port"
        program = [sys.executable, "-c", "from qmcu.cli import main; main()"]
        self.process = subprocess.Popen(
            [*program, "serve", str(self.firmware), "--link", str(link)], stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()
        image = self.firmware / "firmware.elf"
        copy = f'cp "$QMCU_FIRMWARE/firmware.elf" {image}'
        flash = f"{copy} && kill -USR1 {self.process.pid}"
        self.shelf = folder / "shelf.toml"
        self.shelf.write_text(
            f'[[board]]\nname = "stand-in"\nboard = "stm32f746"\ntarget = "serial:{link}"\n'
            f"flash = '''{flash}'''\nsettle_s = 1\n"
        )


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Callable[[], Board]]:
    """`board()` is on the shelf."""
    boards: list[Board] = []

    def place() -> Board:
        (tmp_path / "board").mkdir()
        boards.append(Board(tmp_path / "board"))
        return boards[-1]

    yield place
    for one in boards:
        one.process.terminate()
        one.process.wait(timeout=20)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a model and a test, as a user has it."""
    folder = tmp_path / "checkout"
    (folder / "tests").mkdir(parents=True)
    write_chain(folder)
    (folder / "tests/test_hil.py").write_text(TEST)
    return folder


# As if the compiler had made it so: a board with another image than the one that was built would
# not be asked anything.
SPOILED = """import sys
from pathlib import Path
from qmcu.cli import run
from tests.support.firmware_project import break_one_weight
code = run(sys.argv[1:])
if sys.argv[1] == 'build':
    break_one_weight(Path('hil/firmware'))
sys.exit(code)
"""


def environment(tmp_path: Path, faulty: bool = False) -> dict[str, str]:
    """What a runner's shell has: this qmcu and this interpreter on PATH.

    A `faulty` one makes a wrong byte of each firmware.
    """
    programs = tmp_path / "programs"
    programs.mkdir(exist_ok=True)
    for name, code in (
        ("qmcu", SPOILED if faulty else "from qmcu.cli import main; main()"),
        ("python", ""),
    ):
        script = programs / name
        words = f'-c "{code}" "$@"' if code else '"$@"'
        script.write_text(f"#!/bin/sh\nexec {sys.executable} {words}\n")
        script.chmod(0o755)
    source = f"{REPOSITORY / 'toolchain'}:{REPOSITORY}"
    return {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": source,
        "QMCU_LOCKS": str(tmp_path / "locks"),
        # The plugin as installed, or by name where this environment is an older one.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "-p qmcu.pytest_plugin -p no:cacheprovider",
        "RUNNER_TEMP": str(tmp_path / "temp"),
    }


def bash(script: str, folder: Path, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """As both systems run a step."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder, env=dict(env), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def run_github(given: Mapping[str, str], folder: Path, env: dict[str, str]) -> dict[str, int]:
    """Exit code of every step that has a script and whose condition holds, up to a failure."""
    inputs, job_env, steps = github_steps()
    assert {n for n, i in inputs.items() if i.get("required")} <= set(given) <= set(inputs)
    values = {name: str(given.get(name, spec.get("default", ""))) for name, spec in inputs.items()}
    path = folder.parent / "github-path"
    path.touch()
    env = env | {k: INPUT.sub(lambda m: values[m[1]], v) for k, v in job_env.items()}
    env["GITHUB_PATH"] = str(path)
    codes: dict[str, int] = {}
    for step in steps:
        condition = CONDITION.fullmatch(step.get("if", ""))
        if "run" not in step or (condition and not values[condition[1]]):
            continue
        added = [line for line in path.read_text().splitlines() if line]
        done = bash(step["run"], folder, env | {"PATH": ":".join([*added[::-1], env["PATH"]])})
        print(step["name"], done.stdout, done.stderr)
        codes[step["name"]] = done.returncode
        if done.returncode:
            break
    return codes


def run_gitlab(given: Mapping[str, str], folder: Path, env: dict[str, str]) -> int:
    """Exit code of the job's script; its lines share one shell."""
    job = yaml.safe_load(GITLAB.read_text())[".qmcu-hil"]
    assert set(given) <= set(job["variables"])
    lines = [*job["before_script"], *job["script"]]
    done = bash("\n".join(lines), folder, env | job["variables"] | dict(given))
    print(done.stdout, done.stderr)
    return done.returncode


def findings(folder: Path, name: str) -> list[str]:
    log = json.loads((folder / "hil" / name).read_text())
    return [result["ruleId"] for result in log["runs"][0]["results"]]


def failures(folder: Path, name: str) -> int:
    root = ElementTree.parse(folder / "hil" / name).getroot()
    return sum(int(suite.get("failures", "0")) for suite in root.iter("testsuite"))


@pytest.mark.parametrize("faulty", [False, True], ids=["right", "one-byte-wrong"])
def test_github(board: Callable[[], Board], checkout: Path, tmp_path: Path, faulty: bool) -> None:
    given = {
        "model": "chain.tflite",
        "board": "stm32f746",
        "shelf": str(board().shelf),
        "random": "12",
        "kernels": "portable",
        "tests": "tests",
        "install": "",
    }
    codes = run_github(given, checkout, environment(tmp_path, faulty))
    names = ["Build the firmware", "Compare every byte on a board", "Run tests on a board"]
    if faulty:
        assert codes == dict(zip(names, [0, 1], strict=False))
        assert {"output-differs", "layer-differs"} == set(findings(checkout, "test.sarif"))
        assert failures(checkout, "test.xml") > 0
    else:
        assert codes == dict.fromkeys(names, 0)
        assert findings(checkout, "test.sarif") == findings(checkout, "pytest.sarif") == []
        assert failures(checkout, "test.xml") == failures(checkout, "pytest.xml") == 0
        result = json.loads((checkout / "hil/test.json").read_text())
        assert result["equal"] == 12
        assert result["device"].endswith("/port")


@pytest.mark.parametrize("faulty", [False, True], ids=["right", "one-byte-wrong"])
def test_gitlab(board: Callable[[], Board], checkout: Path, tmp_path: Path, faulty: bool) -> None:
    given = {
        "MODEL": "chain.tflite",
        "BOARD": "stm32f746",
        "SHELF": str(board().shelf),
        "INPUTS": "12",
        "KERNELS": "portable",
        "TESTS": "tests",
        "PACKAGE": "",
    }
    assert run_gitlab(given, checkout, environment(tmp_path, faulty)) == int(faulty)
    assert bool(findings(checkout, "test.sarif")) == faulty
    assert bool(failures(checkout, "test.xml")) == faulty
    assert (checkout / "hil/pytest.xml").exists() != faulty


def test_installing_gives_the_command_and_the_plugin(checkout: Path, tmp_path: Path) -> None:
    """The first step for real, offline: from this source, dependencies from this environment."""
    pytest.importorskip("hatchling")
    env = environment(tmp_path)
    packages = Path(sysconfig.get_paths()["purelib"])
    # Only the build backend is lent to pip, so that it sees no other qmcu.
    lent = tmp_path / "lent"
    lent.mkdir()
    for name in ("hatchling", "packaging", "pathspec", "pluggy", "trove_classifiers"):
        (lent / name).symlink_to(packages / name)
    _, _, steps = github_steps()
    script = next(step["run"] for step in steps if step.get("name") == "Install qmcu")
    # Offline: pytest is among what this environment lends later.
    offline = "pip install --no-index --no-deps --no-build-isolation"
    script = script.replace('"$PACKAGE" pytest', '"$PACKAGE"').replace("pip install", offline)
    path = tmp_path / "path"
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(
        ".git", "__pycache__", "build", ".venv", "demo-out", ".*_cache"
    )
    shutil.copytree(REPOSITORY, source, ignore=ignored)
    given = {"PACKAGE": str(source), "GITHUB_PATH": str(path), "PYTHONPATH": str(lent)}
    done = bash(script, checkout, env | given)
    assert done.returncode == 0, done.stdout + done.stderr
    (added,) = path.read_text().splitlines()
    installed = Path(added).parent
    env |= {
        "PATH": f"{added}:{env['PATH']}",
        "PYTHONPATH": str(packages),
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }
    env.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    version = bash("qmcu --version && command -v qmcu", checkout, env)
    assert version.stdout.splitlines()[1] == f"{added}/qmcu"
    where = 'python -c "import qmcu; print(qmcu.__file__)"'
    assert bash(where, checkout, env).stdout.startswith(str(installed / "lib"))
    helped = bash("python -m pytest --help", checkout, env)
    assert "--qmcu-shelf" in helped.stdout
