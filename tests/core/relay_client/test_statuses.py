from __future__ import annotations

import msgspec
from scripted_relay import provider

from streamcore.events import State
from streamcore.relay_client.statuses import mirrored
from streamcore.status import ProviderStatus

WELL = msgspec.convert(provider(dropped=2), ProviderStatus)


def test_with_the_relay_there_a_provider_is_what_the_relay_says() -> None:
    assert mirrored({"kraken": WELL}, {}, host="r:1", reachable=True) == {"kraken": WELL}


def test_what_this_terminal_dropped_is_added() -> None:
    found = mirrored({"kraken": WELL}, {"kraken": 3}, host="r:1", reachable=True)
    assert found["kraken"].dropped == 5


def test_without_the_relay_every_provider_is_cut_off_and_nothing_proves_that_a_price_holds() -> None:
    status = mirrored({"kraken": WELL}, {}, host="r:1", reachable=False)["kraken"]
    assert status.cut_off
    assert status.stale
    assert not status.heartbeats
    assert status.reason == "relay lost: r:1 cannot be reached"


def test_no_terminal_is_told_which_key_would_add_something_since_it_would_have_to_be_the_relays() -> None:
    keyless = msgspec.structs.replace(WELL, hint="BIRDEYE_API_KEY would stream every Solana token")
    assert mirrored({"kraken": keyless}, {}, host="r:1", reachable=True) == {"kraken": WELL}


def test_without_the_relay_nothing_is_said_of_a_providers_next_attempt() -> None:
    failed = msgspec.structs.replace(WELL, state=State.FAILED, attempt=3, retry_at=1000.0, parked=True)
    status = mirrored({"kraken": failed}, {}, host="r:1", reachable=False)["kraken"]
    assert (status.attempt, status.retry_at, status.parked) == (0, None, False)
