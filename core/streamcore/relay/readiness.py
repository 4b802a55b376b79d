"""Whether the relay that runs on this machine is ready, asked at its own door."""

from __future__ import annotations

import ssl
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
    import httpx

    from streamcore.net.errors import requesting
    from streamcore.text import Mask

    host, port = plan.listen
    verify: ssl.SSLContext | bool = True
    if plan.tls is not None:
        # the certificate is for the name that others use; it is known here which one it is
        verify = ssl.create_default_context(cafile=settings.relay.cert)
        verify.check_hostname = False
    address = shown_address(_EVERYWHERE.get(host, host), port)
    url = f"{'http' if plan.tls is None else 'https'}://{address}/readyz"
    try:
        with (
            requesting(address, WITHIN, Mask()),
            httpx.Client(trust_env=False, timeout=WITHIN, verify=verify) as client,
        ):
            answer = client.get(url)
            found: dict[str, Any] = answer.json()
    except ProviderError as error:
        return error.message
    except ValueError:
        return f"what answers at {address} is no relay"
    if answer.status_code == 200:
        return None
    return "; ".join(found.get("reasons", [])) or answer.reason_phrase
