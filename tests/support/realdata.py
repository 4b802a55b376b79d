"""Frames and answers captured from the live providers, unchanged, with the expected results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent / "fixtures" / "realdata"


def realdata(name: str) -> Any:
    """Return one captured session or answer by its path below the folder, without the ending."""
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def realdata_names() -> list[str]:
    """Return the paths of all of them."""
    return sorted(str(path.relative_to(_FOLDER).with_suffix("")) for path in _FOLDER.rglob("*.json"))
