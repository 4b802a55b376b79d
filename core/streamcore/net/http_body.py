"""The body of an HTTP answer: unpacked while it comes, and no more of it than is allowed."""

from __future__ import annotations

import zlib

ACCEPTED = "gzip, deflate"
"""The encodings that are unpacked, as the header ``Accept-Encoding`` has them."""


class TooLarge(ValueError):
    """There is more of a body than is taken."""


class Body:
    """Gathers the pieces of one body."""

    def __init__(self, encoding: str, most: int) -> None:
        """Make an empty one.

        Args:
            encoding: The header ``Content-Encoding``. What is not known is left packed.
            most: Bytes that are taken, unpacked.
        """
        self._most = most
        self._taken = bytearray()
        self._names = [name.strip().lower() for name in encoding.split(",")]
        self._unpackers = [_Unpacker(name) for name in reversed(self._names) if name in _WINDOWS]

    def add(self, piece: bytes) -> None:
        """Take the next piece.

        Raises:
            TooLarge: With it there is more than is taken.
            zlib.error: It is not packed as the header says.
        """
        for unpacker in self._unpackers:
            piece = unpacker.unpack(piece, self._most + 1)
        self._taken += piece
        if len(self._taken) > self._most:
            raise TooLarge

    def whole(self) -> bytes:
        """Return all that was taken."""
        return bytes(self._taken)


_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""What tells zlib how each encoding is wrapped."""


class _Unpacker:
    def __init__(self, name: str) -> None:
        self._deflate = name == "deflate"
        self._zlib = zlib.decompressobj(_WINDOWS[name])

    def unpack(self, piece: bytes, most: int) -> bytes:
        first, self._deflate = self._deflate, False
        try:
            return self._zlib.decompress(piece, most)
        except zlib.error:
            if not first:
                raise
            # some servers leave out the wrapping that RFC 9110 (8.4.1.2) asks for
            self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._zlib.decompress(piece, most)
