"""Shared by all tests: where screenshots are kept, the same examples each time, caches of their own."""

from __future__ import annotations

import gc
import logging
import os
import signal
from collections.abc import Iterator

import hypothesis
import pytest
import pytest_textual_snapshot
from snapshot_folder import TopLevelSVG

from streamcore.config.model import StreamTransport
from streamcore.net import network

# the fixture looks the name up when it is called; test_snapshots.py checks that this still works
pytest_textual_snapshot.SVGImageExtension = TopLevelSVG

# what a run finds must not depend on luck; the soak looks for new examples, each time others
hypothesis.settings.register_profile("the same every time", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("the same every time")


@pytest.fixture(scope="session", autouse=True)
def caches_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let every program that is tested remember things in a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("caches")))
        yield


@pytest.fixture(scope="session", autouse=True)
def streams_by_one_library() -> Iterator[None]:
    """Let every stream go by the library that the variable of the setting names, if it is set.

    Also where a test makes its settings itself, or what is sent would go by another of itself.
    """
    named = os.environ.get("STREAMTUI_STREAM_TRANSPORT")
    with pytest.MonkeyPatch.context() as patch:
        if named:
            chosen = StreamTransport(named)
            patch.setattr(network, "library_for", lambda choice, *, compressible: chosen)
        yield


# with python -X dev asyncio tells of every slow step, and which ones are depends on the machine
logging.getLogger("asyncio").addFilter(lambda record: not str(record.msg).startswith("Executing %s took"))


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of every later collection of garbage: it stays to the end."""
    gc.collect()
    gc.freeze()


# whoever runs the tests with nohup or in the background has these ignored, and every process inherits it
for _name, _usual in (("SIGHUP", signal.SIG_DFL), ("SIGINT", signal.default_int_handler)):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)
