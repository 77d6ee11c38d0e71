"""The generated messages are those of the .proto file."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_generated_code_is_current(tmp_path):
    subprocess.run(
        [
            sys.executable, "-m", "grpc_tools.protoc", "-I", str(ROOT),
            f"--python_out={tmp_path}", f"--pyi_out={tmp_path}",
            str(ROOT / "support" / "index.proto"),
        ],
        check=True,
    )  # fmt: skip
    for name in ("index_pb2.py", "index_pb2.pyi"):
        made = (tmp_path / "support" / name).read_text(encoding="utf-8")
        assert made == (ROOT / "support" / name).read_text(encoding="utf-8")
