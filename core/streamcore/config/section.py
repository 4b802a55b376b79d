"""What the sections of the settings are made of: their base, and the types of their fields."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0.1, le=86_400.0)]
"""A tenth of a second is sooner than any provider answers; less would only keep this computer busy."""
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
FrameRate = Annotated[int, Meta(ge=1, le=60)]
ApiKey = Annotated[str, Meta(pattern=r"^[!-~]+$")]

# What a type cannot express; `streamcore.config.keys` reads it.
SECRET = {"secret": True}
WS_URL = {"schemes": ("wss", "ws")}
HTTP_URL = {"schemes": ("https", "http")}
HOST_URL = {"schemes": ("https", "http"), "host_only": True}
COMMAND = {"verbatim": True}


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every section: immutable, and an unknown key is an error."""
