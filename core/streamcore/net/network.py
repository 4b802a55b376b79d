"""The real network, as the one object through which the engine reaches it."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

from streamcore.clock import Clock
from streamcore.config.libraries import check_library, library_for
from streamcore.config.model import StreamTransport
from streamcore.config.surroundings import Surroundings
from streamcore.net.endpoint import Endpoint, RefusalMeaning
from streamcore.net.http import HttpClient
from streamcore.net.transport import Socket

_OPENERS = {
    StreamTransport.WEBSOCKETS: ("streamcore.net.websocket", "open_websocket"),
    StreamTransport.PICOWS: ("streamcore.net.picows_socket", "open_picows"),
}


_LOGGER = logging.getLogger(__name__)


class Network(HttpClient):
    """The real `streamcore.net.transport.Transport`; leaving its context ends its HTTP connections.

    A socket that was opened lives on: whoever opened it closes it.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        timeout: float,
        surroundings: Surroundings | None = None,
        streams: StreamTransport = StreamTransport.AUTO,
    ) -> None:
        """Make one that has no connections yet.

        Args:
            clock: Time.
            timeout: Seconds for a whole request, counted by ``clock``.
            surroundings: Proxies, and whom to trust; ``None``: what the environment says.
            streams: The library for WebSockets.

        Raises:
            SettingsError: The environment says something that cannot be used, or the library is not there.
        """
        super().__init__(clock, timeout=timeout, surroundings=surroundings)
        check_library(streams)
        self._streams = streams

    def library_for(self, endpoint: Endpoint) -> StreamTransport:
        """Return the library that `connect` uses for this endpoint."""
        return library_for(self._streams, compressible=endpoint.compressible)

    async def connect(
        self, endpoint: Endpoint, *, name: str, refusal: RefusalMeaning, within: float, max_message_bytes: int
    ) -> Socket:
        """Open a WebSocket; see `streamcore.net.transport.Transport.connect`.

        Raises:
            ProviderError: It could not be reached, or refused.
        """
        library = self.library_for(endpoint)
        _LOGGER.info("the stream of %s goes by %s", name, library)
        module, function = _OPENERS[library]
        opening: Any = getattr(import_module(module), function)  # only now: a library takes a while to load
        socket: Socket = await opening(
            endpoint,
            name=name,
            refusal=refusal,
            within=within,
            max_message_bytes=max_message_bytes,
            clock=self._clock,
            dialler=self._dialler,
        )
        return socket
