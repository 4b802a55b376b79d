"""Looking up the wallet that a name stands for, by the proxy of the Solana Name Service.

The proxy follows all rules of the service: a name that was made a token belongs to the token's holder, a
record may name another wallet than the owner's, and a name in ``.sol`` must lead where the one in ``.sns``
does. Whoever reads only the owner from the chain points people at the wrong wallet.
Source: the README of sdk-proxy in SolanaNameService/sns-sdk, of August 2026.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from streamcore.assets.tokens import is_address
from streamcore.assets.wallet_names import NO_NAME, wallet_name
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.config.selection import choose, leads_here
from streamcore.errors import InputError, ProviderError
from streamcore.events import ErrorKind
from streamcore.loopback import leads_to_loopback
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Answer, Http
from streamcore.providers.decoding import Undecodable, json_as
from streamcore.providers.http_errors import pause_after, refusal
from streamcore.text import printable

TITLE = "the name service"
PATH = "/safe-resolve/"
"""Unlike ``/resolve/``, it refuses a name whose two endings lead to different wallets."""

RATE = 1.0
BURST = 5
"""Look-ups a second and at once; no limit is documented."""

MOVED = "cannot be looked up any more: .sol names moved; use .sns or the address"
_MEANINGS = {
    "domain not found": "is not registered",
    "invalid input": "is not a name that can be registered",
    "srs and sns resolution mismatch": (
        "leads to different wallets with .sol and with .sns: ask for the address, and give that"
    ),
    "record is malformed": "has a damaged record and leads nowhere: ask for the address, and give that",
}
"""What the service says of a name that leads nowhere, in small letters, to what a person is told."""
_ABOUT_THE_NAME = {400: "invalid input", 404: "domain not found", 409: "srs and sns resolution mismatch"} | {
    422: "record is malformed"
}
"""Statuses that are about the name, to what they mean when nothing else is said."""


class _Body(msgspec.Struct, frozen=True):
    s: str = ""
    result: object = None


class WalletNames:
    """Looks names up, each once."""

    def __init__(self, http: Http, settings: Settings, clock: Clock) -> None:
        """``settings``: with the URLs that are in use."""
        self._http = http
        self._url = settings.sns.rest_url.rstrip("/") + PATH
        self._may_be_asked = _may_be_asked(settings)
        self._rate_limit = TokenBucket(RATE, BURST, clock)
        self._known: dict[str, str] = {}

    async def resolve(self, name: str) -> str:
        """See `streamcore.engine.Engine.resolve_wallet`."""
        wanted = wallet_name(name)
        if wanted is None:
            raise InputError(name, NO_NAME)
        if (known := self._known.get(wanted)) is not None:
            return known
        if not self._may_be_asked:
            where = "beside the demo or a stream on this machine no public host is asked"
            text = f"{wanted} is not looked up: {where}; give the address"
            raise ProviderError(ErrorKind.NETWORK, text, retryable=False)
        answer = await self._http.request(
            "GET",
            self._url + quote(wanted, safe=""),
            headers={"accept": "application/json"},
            rate_limit=self._rate_limit,
        )
        address = self._meant(wanted, answer)
        self._known[wanted] = address
        return address

    def _meant(self, name: str, answer: Answer) -> str:
        body = _read(answer)
        if answer.status == 200 and body is not None and body.s == "ok":
            if isinstance(body.result, str) and is_address(body.result):
                return body.result
            if body.result is None:
                raise InputError(name, _MEANINGS["domain not found"])
        said = body.result if body is not None and body.s == "error" and isinstance(body.result, str) else ""
        if said.lower() == "unsupported tld":
            raise InputError(name, MOVED if name.endswith(".sol") else "ends in what is not looked up")
        meaning = _MEANINGS.get(said.lower() or _ABOUT_THE_NAME.get(answer.status, ""))
        if meaning is not None:
            raise InputError(name, meaning)
        if answer.status == 200:
            text = f"{TITLE} answered for {name} with something unreadable"
            raise ProviderError(ErrorKind.PROTOCOL, text)
        raise self._trouble(answer, said)

    def _trouble(self, answer: Answer, said: str) -> ProviderError:
        error = refusal(TITLE, answer.status, answer.headers, key_setting=None)
        pause_after(error, self._rate_limit)
        text = f"{error.message}: {printable(said, 80)}" if said else error.message
        return ProviderError(error.kind, text, retryable=error.retryable, retry_after=error.retry_after)


def _may_be_asked(settings: Settings) -> bool:
    """Whether what is looked up may go there: beside a stream on this machine only to this machine."""
    if leads_to_loopback(settings.sns.rest_url):
        return True
    wallets = choose(settings).wallets
    return not settings.demo and not any(leads_here(settings, choice.provider) for choice in wallets[:1])


def _read(answer: Answer) -> _Body | None:
    try:
        return json_as(answer.body, _Body)
    except Undecodable:
        return None
