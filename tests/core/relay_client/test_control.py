"""Requests to start providers over, as a terminal sends them to its relay."""

from __future__ import annotations

import pytest

from streamcore import ErrorKind, ProviderError
from streamcore.relay_client.control import FIRST_ID, Control


def test_each_request_is_sent_once_and_can_be_told_from_the_others() -> None:
    control = Control()
    control.reconnect("kraken", allowed=True)
    control.reconnect(None, allowed=True)
    first, second = control.requests()
    assert [first.provider, second.provider] == ["kraken", None]
    assert FIRST_ID < first.id < second.id < 2 * FIRST_ID
    assert control.requests() == []


def test_who_may_only_read_is_told_so_and_nothing_is_sent() -> None:
    control = Control()
    with pytest.raises(ProviderError, match="may only read") as refused:
        control.reconnect("kraken", allowed=False)
    assert (refused.value.kind, refused.value.retryable) == (ErrorKind.AUTH, False)
    assert control.requests() == []
