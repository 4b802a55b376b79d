from __future__ import annotations

from collections.abc import Iterator

import pytest
from own_authority import OwnAuthority
from websocket_pair import LIBRARIES, carried_by


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> OwnAuthority:
    """Return an authority that no system knows; making one takes a moment."""
    return OwnAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test once by each WebSocket library."""
    with carried_by(request.param) as chosen:
        yield chosen
