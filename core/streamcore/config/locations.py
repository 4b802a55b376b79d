"""Where files are kept on this platform."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

APP_NAME = "streamtui"


def config_file() -> Path | None:
    """Return the configuration file of this user, whether or not it is there; ``None``: no home is known.

    ``~/.config/streamtui/config.toml`` on Linux (or below ``$XDG_CONFIG_HOME``), the platform's own
    folder elsewhere.
    """
    # not at the top: it takes as long to import as everything else that reads settings
    from platformdirs import user_config_path

    folder = _known(user_config_path)
    return None if folder is None else folder / "config.toml"


def cache_folder() -> Path | None:
    """Return the folder for what this program remembers and could find out again, whether or not it is there.

    ``None``: no home is known.

    ``~/.cache/streamtui`` on Linux (or below ``$XDG_CACHE_HOME``), the platform's own folder elsewhere.
    """
    from platformdirs import user_cache_path

    return _known(user_cache_path)


def state_folder() -> Path | None:
    """Return the folder for what this program must not forget, whether or not it is there.

    ``None``: no home is known.

    ``~/.local/state/streamtui`` on Linux (or below ``$XDG_STATE_HOME``), the platform's own folder elsewhere.
    """
    from platformdirs import user_state_path

    return _known(user_state_path)


def _known(find: Callable[..., Any]) -> Path | None:
    """Return a folder, unless it would depend on where the program was started from."""
    try:
        folder = Path(find(APP_NAME, appauthor=False))
    except RuntimeError:  # a user that the system does not know, without HOME
        return None
    return folder if folder.is_absolute() else None
