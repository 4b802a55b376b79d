"""Shared by all tests: where screenshots are kept, and that examples are the same in every run."""

from __future__ import annotations

import hypothesis
import pytest_textual_snapshot
from snapshot_folder import TopLevelSVG

# the fixture looks the name up when it is called; test_snapshots.py checks that this still works
pytest_textual_snapshot.SVGImageExtension = TopLevelSVG

# what a run finds must not depend on luck; the soak looks for new examples, each time others
hypothesis.settings.register_profile("the same every time", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("the same every time")
