from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from streamcore.wire import relay_pb2 as pb

GENERATED = Path(pb.__file__)
SCHEMA = GENERATED.with_name("relay.proto")


def described(file: Path) -> str:
    """The schema in a generated file; what is around it differs between versions of the generator."""
    found = re.search(r"AddSerializedFile\((.*)\)", file.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def test_the_generated_file_is_that_of_the_schema(tmp_path: Path) -> None:
    protoc = pytest.importorskip("grpc_tools.protoc")
    assert protoc.main(["protoc", f"-I{SCHEMA.parent}", f"--python_out={tmp_path}", SCHEMA.name]) == 0
    assert described(tmp_path / GENERATED.name) == described(GENERATED)


def test_the_encoding_is_imported_only_when_it_is_used() -> None:
    code = "import sys, streamcore.wire.encodings as e; e.encoding('msgpack'); print('google' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
