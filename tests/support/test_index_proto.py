"""The generated messages are those of the .proto file."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_generated_code_is_current(tmp_path):
    subprocess.run(
        [
            sys.executable, "-m", "grpc_tools.protoc", "-I", str(ROOT),
            f"--python_out={tmp_path}", str(ROOT / "support" / "index.proto"),
        ],
        check=True,
    )  # fmt: skip
    made = (tmp_path / "support" / "index_pb2.py").read_text(encoding="utf-8")
    assert made == (ROOT / "support" / "index_pb2.py").read_text(encoding="utf-8")
