"""The settings of property tests: the same few examples every time, so that runs are quick and repeatable."""

from __future__ import annotations

from hypothesis import settings

quick = settings(max_examples=50, deadline=None, derandomize=True, database=None)
