"""Settings loaded from nothing but what a test gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streamcore.config.loading import Loaded, load
from streamcore.errors import SettingsError


def loader(folder: Path) -> Callable[..., Loaded]:
    """Return what loads from a file in ``folder`` with a text, from an environment and from options."""

    def load_from(text: str = "", environ: dict[str, str] | None = None, options: Any = None) -> Loaded:
        file = folder / "config.toml"
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        return load(file, environ=environ or {}, options=options)

    return load_from


def refused(load_from: Callable[..., Loaded], *args: Any, **kwargs: Any) -> SettingsError:
    """Return the error that loading ends in."""
    with pytest.raises(SettingsError) as caught:
        load_from(*args, **kwargs)
    return caught.value
