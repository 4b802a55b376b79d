"""What the errors of Helius mean, over WebSocket or HTTP."""

from __future__ import annotations

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.solana_rpc.messages import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    RpcError,
)
from streamcore.text import printable

TITLE = "Helius"
UNAUTHORIZED = (-32401, -32001)
TOO_MANY = (-32429, 429)


def meaning_of_error(error: RpcError) -> ProviderError:
    """Return what a JSON-RPC error means, over WebSocket or HTTP."""
    shown = printable(error.text, limit=120)
    folded = shown.casefold()
    if "max usage" in folded:
        return ProviderError(ErrorKind.QUOTA, quota_text(shown))
    if error.code in (INVALID_REQUEST, METHOD_NOT_FOUND) and "plan" in folded:
        return ProviderError(ErrorKind.PLAN, f"{TITLE} does not serve that on this plan ({shown})")
    if "api key" in folded or error.code in UNAUTHORIZED:
        return ProviderError(ErrorKind.AUTH, f"{TITLE} refused the API key ({shown}); check HELIUS_API_KEY")
    if error.code in TOO_MANY:
        return ProviderError(ErrorKind.RATE_LIMIT, f"{TITLE} asks for fewer requests ({shown})")
    if error.code in (INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS):
        return ProviderError(ErrorKind.SUBSCRIPTION, f"{TITLE} refused the request ({shown})")
    return ProviderError(ErrorKind.SERVER, f"{TITLE} reported an error ({shown})")


def quota_text(shown: str) -> str:
    """Return the sentence for a key whose credits are used up."""
    return f"the {TITLE} credits of this key are used up ({shown}); they return with the next billing period"
