from __future__ import annotations

import pytest
from own_authority import OwnAuthority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> OwnAuthority:
    """Return an authority that no system knows; making one takes a moment."""
    return OwnAuthority(tmp_path_factory.mktemp("authority"))
