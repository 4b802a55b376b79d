"""Keeps the snapshots of screens in the top folder, where people find them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_textual_snapshot import SVGImageExtension

TESTS = Path(__file__).parent.parent
SNAPSHOTS = TESTS.parent / "snapshots"


class TopLevelSVG(SVGImageExtension):
    """Keeps screenshots in ``snapshots/``.

    The last folder carries the name of the test module: by it syrupy decides which files a partial run may
    call unused.
    """

    @classmethod
    def dirname(cls, *, test_location: Any) -> str:
        inside = Path(test_location.filepath).relative_to(TESTS).with_suffix("")
        return str(SNAPSHOTS / inside)
