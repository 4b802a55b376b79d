"""The undocumented parts of Textual: all that are touched are named, in one place each, and are there."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import textual_internals as of_the_tests
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.widgets import Input

from streamtui import textual_internals as of_the_app

ROOT = Path(__file__).parent.parent.parent
# by their places here: what is imported may be an installed copy
NAMED_IN = {ROOT / "tui/streamtui/textual_internals.py", ROOT / "tests/support/textual_internals.py"}
SOURCES = [
    path
    for folder in ("tui/streamtui", "tests/tui", "tests/support", "tests/benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path not in NAMED_IN and path != Path(__file__)
]


@functools.cache
def private_names(*kinds: type) -> set[str]:
    """The private attributes and methods of Textual's classes."""
    names: set[str] = set()
    for kind in {ancestor for one in kinds for ancestor in one.__mro__}:
        names |= {name for name in vars(kind) if re.fullmatch(r"_[a-z]\w*", name)}
        if kind.__module__.startswith("textual"):
            names |= set(re.findall(r"self\.(_[a-z]\w*)\s*(?::[^=\n]+)?=[^=]", inspect.getsource(kind)))
    return names


OF_TEXTUAL = private_names(App, Screen, ScrollView, Input, Driver)
OUR_OWN = {"_log", "_running", "_loop", "_print"}
"""Names that classes of ours, which are no widgets or only share the word, have as well."""


def touched(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module)) if module.startswith("textual"):
                private = [name.name for name in node.names if name.name.startswith("_")]
                if "._" in module or private:
                    yield f"{module} {private}"
            case ast.Attribute(value=ast.Name(id=module)) if module in modules:
                pass
            case ast.Attribute(attr=name) if name in OF_TEXTUAL - OUR_OWN:
                yield name
            case ast.ClassDef():
                functions = (ast.FunctionDef, ast.AsyncFunctionDef)
                methods = {method.name for method in node.body if isinstance(method, functions)}
                yield from methods & (OF_TEXTUAL - OUR_OWN)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_file_touches_what_textual_does_not_document(path: Path) -> None:
    assert list(touched(path)) == []


@pytest.mark.parametrize("name", [*of_the_app.TOUCHED, *of_the_tests.TOUCHED])
def test_what_is_touched_is_there(name: str) -> None:
    module_name, _, inside = name.partition(":")
    module = importlib.import_module(module_name)
    owner, _, attribute = inside.rpartition(".")
    if owner:
        assert attribute in private_names(getattr(module, owner)), f"Textual has no {name} any more"
    else:
        assert hasattr(module, inside), f"Textual has no {name} any more"


def test_the_version_of_textual_is_bounded() -> None:
    assert '"textual>=8.2,<9"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def decoded(*chunks: bytes, typing: bool = False) -> str:
    decoder = of_the_app.TerminalDecoder("utf-8", lambda: typing)
    return "".join(decoder.decode(chunk) for chunk in chunks)


def test_a_byte_that_is_no_text_is_replaced() -> None:
    assert decoded(b"\xe9x") == "\ufffdx"
    assert decoded("é".encode()[:1], "é".encode()[1:]) == "é", "a character that comes in two parts is whole"


@pytest.mark.parametrize(
    "chunk", [b"q", b"jjjjjjjj", b"\x1b[A\x1b[A", b"\x1b[200~quit it\x1b[201~", b"JUP", "漢".encode()]
)
def test_what_is_typed_or_marked_as_pasted_is_passed_on(chunk: bytes) -> None:
    assert decoded(chunk) == chunk.decode()


def test_a_text_that_comes_at_once_is_pasted_unless_there_is_a_line_to_type_into() -> None:
    assert decoded(b"quit and go\r") == "\x1b[200~quit and go\r\x1b[201~"
    assert decoded(b"quit and go\r", typing=True) == "quit and go\r"


def test_a_key_that_comes_with_a_pasted_text_stays_a_key() -> None:
    assert decoded(b"quit and go\r\x1b[A") == "\x1b[200~quit and go\r\x1b[201~\x1b[A"


def test_a_marked_paste_that_comes_in_parts_is_marked_once() -> None:
    chunks = (b"\x1b[200~first part", b"second part", b"third\x1b[201~", b"another one")
    assert decoded(*chunks) == ("\x1b[200~first partsecond partthird\x1b[201~\x1b[200~another one\x1b[201~")


@pytest.mark.skipif(sys.platform == "win32", reason="Textual reads the keyboard another way there")
def test_textual_reads_the_keyboard_through_our_decoder() -> None:
    from textual.drivers import linux_driver

    of_the_app.read_input_carefully(lambda: False)
    decoder = linux_driver.getincrementaldecoder("utf-8")()
    assert isinstance(decoder, of_the_app.TerminalDecoder)
