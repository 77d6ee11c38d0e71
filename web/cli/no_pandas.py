"""sqlite_utils without pandas, which it reads for one type of column wherever it is installed.

Ray and pymilvus bring pandas along. Each command and each process of a desk would wait for it for
most of a second, and hold thirty megabytes of it that nothing of ours uses.
"""

import importlib
import sys
from typing import Any

_MODULES: Any = sys.modules


def read_sqlite_utils() -> None:
    """Read sqlite_utils as where there is no pandas; whoever asks for pandas later gets it."""
    if "sqlite_utils" in sys.modules or "pandas" in sys.modules:
        return
    _MODULES["pandas"] = None  # what Python takes for "there is none"
    try:
        importlib.import_module("sqlite_utils")
    finally:
        del _MODULES["pandas"]
