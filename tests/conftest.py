"""Shared by all tests: where screenshots are kept."""

from __future__ import annotations

import pytest_textual_snapshot
from snapshot_folder import TopLevelSVG

# the fixture looks the name up when it is called; test_snapshots.py checks that this still works
pytest_textual_snapshot.SVGImageExtension = TopLevelSVG
