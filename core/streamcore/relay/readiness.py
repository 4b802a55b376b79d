"""Whether the relay that runs on this machine is ready, asked at its own door."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import msgspec

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.relay.listening import shown_address
from streamcore.relay.service import Plan

WITHIN = 5.0
"""Seconds that a relay may take to say whether it is ready."""
_TIMEOUTS = {"connect": WITHIN, "read": WITHIN, "write": WITHIN}

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared, not listened on
"""An address on which a relay listens for everybody, to the one at which this machine reaches it."""


class _Readiness(msgspec.Struct):
    """What a relay answers."""

    ready: bool
    reasons: tuple[str, ...] = ()
    """Why not, as phrases; strangers are told none."""
    notes: tuple[str, ...] = ()
    """What its operator should know besides, as sentences."""


def why_not_ready(
    settings: Settings, plan: Plan, *, note: Callable[[str], object] = lambda text: None
) -> str | None:
    """Ask the relay at the planned address whether it is ready.

    Args:
        settings: What is configured.
        plan: What `streamcore.relay.plan` made of them.
        note: Called with each sentence that its operator should know besides.

    Returns:
        ``None`` if it is, else why not, as text for a person.
    """
    import httpcore

    from streamcore.net.errors import requesting
    from streamcore.text import Mask, printable

    host, port = plan.listen
    context = None
    if plan.tls is not None:
        # the certificate is for the name that others use; it is known here which one it is
        context = ssl.create_default_context(cafile=settings.relay.cert)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # its issuer need not be known here
    address = shown_address(_EVERYWHERE.get(host, host), port)
    url = f"{'http' if plan.tls is None else 'https'}://{address}/readyz"
    try:
        with (
            requesting(address, WITHIN, Mask()),
            httpcore.ConnectionPool(ssl_context=context) as connections,
        ):
            answer = connections.request("GET", url, extensions={"timeout": _TIMEOUTS})
        found = msgspec.json.decode(answer.content, type=_Readiness)
    except ProviderError as error:
        return error.message
    except msgspec.DecodeError:
        return f"what answers at {address} is no relay"
    for text in found.notes:
        note(printable(text))
    return None if found.ready else "; ".join(found.reasons) or "it does not say why"
