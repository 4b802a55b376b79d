"""The real network, as the one object through which the engine reaches it."""

from __future__ import annotations

from streamcore.net.endpoint import Endpoint, RefusalMeaning
from streamcore.net.http import HttpClient
from streamcore.net.transport import Socket
from streamcore.net.websocket import open_websocket


class Network(HttpClient):
    """The real `streamcore.net.transport.Transport`; leaving its context ends its HTTP connections.

    A socket that was opened lives on: whoever opened it closes it.
    """

    async def connect(
        self, endpoint: Endpoint, *, name: str, refusal: RefusalMeaning, within: float, max_message_bytes: int
    ) -> Socket:
        """Open a WebSocket; see `streamcore.net.transport.Transport.connect`.

        Raises:
            ProviderError: It could not be reached, or refused.
        """
        return await open_websocket(
            endpoint,
            name=name,
            refusal=refusal,
            within=within,
            max_message_bytes=max_message_bytes,
            clock=self._clock,
            dialler=self._dialler,
        )
