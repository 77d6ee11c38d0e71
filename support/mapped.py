"""Arrays of a .safetensors file, read where they lie: the system's own copy of the file.

Processes that open one file hold it once together, and a file that is opened costs what is touched
of it. The arrays are read-only. Whoever opens a model has compared its sums before; files of models
are never written again where they lie, only put there whole by renaming.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

_HEAD: Final = 8  # bytes: how long the description is, in front of it
_TYPES: Final = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip


def mapped(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Every array of a file, by name; what `safetensors.numpy.load_file` gives, without a copy.

    Raises:
        OSError: it cannot be opened.
        SafetensorError: it is no such file, or of numbers that numpy has no name for.
    """
    with safe_open(path, framework="numpy"):
        pass  # refuses a description that does not fit its file
    # A memory map costs a microsecond more at every touch: a plain array over the same pages.
    whole = np.memmap(path, np.uint8, mode="r").view(np.ndarray)
    size = int.from_bytes(whole[:_HEAD].tobytes(), "little")
    described = json.loads(whole[_HEAD : _HEAD + size].tobytes())
    described.pop("__metadata__", None)
    data = whole[_HEAD + size :]
    found: dict[str, npt.NDArray[Any]] = {}
    for name, about in described.items():
        begin, end = about["data_offsets"]
        try:
            kind = np.dtype(_TYPES[about["dtype"]])
        except KeyError as error:
            raise SafetensorError(f"{name} of {path} holds {about['dtype']}.") from error
        found[name] = data[begin:end].view(kind).reshape(about["shape"])
    return found
