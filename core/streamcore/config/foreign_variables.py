"""Recognises environment variables that begin with our prefix but were set by a container runtime.

A service called ``streamtui`` makes Kubernetes and Docker set ``STREAMTUI_PORT=tcp://10.0.0.1:80`` and more
in every container beside it. Sources: Kubernetes, "Discovering services: environment variables"; Docker,
"Legacy container links: environment variables".
"""

from __future__ import annotations

import re

_SERVICE = re.compile(r"(?:.+_)?SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)")
_PORT = re.compile(r"(?:.+_)?PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO|START|END))?")
_ADDRESS = re.compile(r"(?:.+_)?PORT(?:_\d+_(?:TCP|UDP|SCTP))?")
_LINK = re.compile(r"(?:.+_)?NAME")
_LINK_ENVIRONMENT = re.compile(r"(?:.+_)?ENV_.+")


def is_of_containers(rest: str, value: str) -> bool:
    """Return whether a variable has one of the forms in which a container runtime describes services.

    Args:
        rest: Its name after our prefix: ``SERVICE_HOST``.
        value: Its value.
    """
    return bool(
        _SERVICE.fullmatch(rest)
        or _PORT.fullmatch(rest)
        or (_ADDRESS.fullmatch(rest) and re.match(r"(?:tcp|udp|sctp)://", value))
        or (_LINK.fullmatch(rest) and value.startswith("/"))
        or _LINK_ENVIRONMENT.fullmatch(rest)
    )
