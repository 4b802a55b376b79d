"""A cache without a disk."""

from __future__ import annotations


class MemoryCache:
    """A `streamcore.config.cache.Cache` whose files are in ``files``."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.full = False
        """Whether writing fails, as on a full disk."""

    async def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    async def write(self, name: str, data: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.files[name] = data
