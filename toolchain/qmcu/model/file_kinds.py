"""What a file is that is no .tflite, with the way out: people hand over what a download gave."""

import re
from pathlib import Path

_LFS = b"version https://git-lfs.github.com/spec/"
_CONVERT = "`qmcu convert` makes a .tflite of it"
# The first bytes of other kinds of files, and what to do.
_MAGIC = (
    (b"\x1f\x8b", "a gzip file; unpack it with gunzip"),
    (b"\x93NUMPY", "a NumPy array (.npy); give the model, and arrays by --inputs"),
    (b"\x89HDF\r\n\x1a\n", f"an HDF5 file; if it is a Keras model, {_CONVERT}"),
    (b"\xfd7zXZ\x00", "an xz file; unpack it with unxz"),
    (b"BZh", "a bzip2 file; unpack it with bunzip2"),
    (b"\x28\xb5\x2f\xfd", "a zstd file; unpack it with unzstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it and give the .tflite inside"),
    (b"\x7fELF", "a program (ELF); give the .tflite file that it was made from"),
    (b"%PDF", "a PDF document; get the model file itself"),
)
_ARCHIVES = (
    (re.compile(rb"\.npy$"), "a NumPy archive (.npz); give the model, and arrays by --inputs"),
    (re.compile(rb"^(metadata|config)\.json$"), f"a Keras model (.keras); {_CONVERT}"),
    (re.compile(rb"."), "a zip archive; unpack it and give the .tflite inside"),
)


def describe_other(head: bytes, size: int) -> str | None:
    """What a file with these first bytes is and what to do, or None when that is unknown."""
    if not size:
        return "the file is empty"
    if head.startswith(_LFS):
        found = re.search(rb"^size (\d+)$", head, re.MULTILINE)
        real = f" of {int(found[1]):,} bytes" if found and len(found[1]) < 16 else ""
        return f"this is a Git LFS pointer to a file{real}; fetch it with `git lfs pull`"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return f"this is {kind}"
    if head.startswith(b"PK\x03\x04"):
        first = head[30 : 30 + int.from_bytes(head[26:28], "little")]
        kind = next((k for pattern, k in _ARCHIVES if pattern.search(first)), _ARCHIVES[-1][1])
        return f"this is {kind}"
    if head[257:262] == b"ustar":
        return "this is a tar archive; unpack it and give the .tflite inside"
    return _text(head)


def _text(head: bytes) -> str | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        return (
            "this is an HTML page, as a download gives that was answered with a web page; get the "
            "file itself (on GitHub by its Raw link)"
        )
    if start.startswith((b"<?xml", b"<error")):
        return "this is an XML document, perhaps a server's error; get the model file itself"
    if start.startswith((b"{", b"[")):
        return "this is JSON; get the model file itself"
    if re.search(rb"\b(unsigned\s+char|uint8_t)\b[^;(]*\[", head):
        return "this is C source; turn its array back into bytes (`xxd -r -p`)"
    return None


def describe_folder(path: Path) -> str:
    """What to say of a folder where a model file was awaited."""
    if (path / "saved_model.pb").is_file():
        return f"{path} is a SavedModel; {_CONVERT}."
    return f"{path} is a folder; give a .tflite file."
