"""Whether the relay that runs on this machine is ready, asked at its own door."""

from __future__ import annotations

import json
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.relay.listening import shown_address
from streamcore.relay.service import Plan

WITHIN = 5.0
"""Seconds that a relay may take to say whether it is ready."""

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared, not listened on
"""An address on which a relay listens for everybody, to the one at which this machine reaches it."""


def why_not_ready(settings: Settings, plan: Plan) -> str | None:
    """Ask the relay at the planned address whether it is ready.

    Returns:
        ``None`` if it is, else why not, as text for a person.
    """
    from streamcore.net.errors import requesting
    from streamcore.text import Mask

    host, port = plan.listen
    host = _EVERYWHERE.get(host, host)
    address = shown_address(host, port)
    if plan.tls is None:
        connection = HTTPConnection(host, port, timeout=WITHIN)
    else:
        # the certificate is for the name that others use; it is known here which one it is
        verify = ssl.create_default_context(cafile=settings.relay.cert)
        verify.check_hostname = False
        connection = HTTPSConnection(host, port, timeout=WITHIN, context=verify)
    try:
        with requesting(address, WITHIN, Mask()):
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            found: dict[str, Any] = json.loads(answer.read())
    except ProviderError as error:
        return error.message
    except (ValueError, HTTPException):
        return f"what answers at {address} is no relay"
    finally:
        connection.close()
    if answer.status == 200:
        return None
    return "; ".join(found.get("reasons", [])) or answer.reason
