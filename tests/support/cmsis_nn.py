"""A folder that looks like CMSIS-NN."""

from pathlib import Path

from qmcu.builder.cmsis_nn import FUNCTIONS


def copy_of(folder: Path, functions: tuple[str, ...] = FUNCTIONS) -> Path:
    """A tree with the library's layout: each function calls a helper in a file of another name."""
    (folder / "Include" / "Internal").mkdir(parents=True)
    (folder / "Source" / "Some").mkdir(parents=True)
    declarations = "".join(f"int {name}(void);\n" for name in functions)
    header = '#include "Internal/config.h"\n' + declarations
    (folder / "Include" / "arm_nnfunctions.h").write_text(header)
    (folder / "Include" / "Internal" / "config.h").write_text("#define X 1\n")
    (folder / "Include" / "unused.h").write_text("")
    for name in functions:
        text = f"int {name}(void)\n{{\n    return arm_helper(1);\n}}\n"
        (folder / "Source" / "Some" / f"{name}.c").write_text(text)
    (folder / "Source" / "helpers.c").write_text("int arm_helper(int a)\n{\n    return a;\n}\n")
    (folder / "Source" / "arm_unused.c").write_text("int arm_unused(void)\n{\n    return 0;\n}\n")
    (folder / "LICENSE").write_text("the licence")
    (folder / "ARM.CMSIS-NN.pdsc").write_text('<release version="7.1.0">')
    return folder
