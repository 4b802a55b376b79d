"""A fake transport: HTTP requests get the answers of a test, and WebSockets cannot be opened."""

from __future__ import annotations

from scripted_http import ScriptedHttp

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.endpoint import Endpoint, RefusalMeaning
from streamcore.net.transport import Socket


class ScriptedTransport(ScriptedHttp):
    """A `streamcore.net.transport.Transport`; ``dialled`` has the URLs of attempts to open a WebSocket."""

    dialled: tuple[str, ...] = ()

    async def connect(
        self, endpoint: Endpoint, *, name: str, refusal: RefusalMeaning, within: float, max_message_bytes: int
    ) -> Socket:
        self.dialled = (*self.dialled, endpoint.shown_url)
        raise ProviderError(ErrorKind.NETWORK, f"{name} is not on this network")
