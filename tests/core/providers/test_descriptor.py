from __future__ import annotations

import msgspec
import pytest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp

from streamcore.config.model import Settings
from streamcore.config.selection import candidates
from streamcore.config.sources import BirdeyeSettings, HeliusSettings
from streamcore.errors import UnknownProvider
from streamcore.events import DataKind
from streamcore.net.transport import Answer
from streamcore.providers import PROVIDERS, create, key_hint
from streamcore.providers.base import Provider
from streamcore.providers.descriptor import Descriptor

EVERY = pytest.mark.parametrize("descriptor", PROVIDERS.values(), ids=PROVIDERS)


def make(name: str) -> Provider:
    def unexpected(asked: Asked) -> Answer:
        raise AssertionError("nothing is asked while a provider is made")

    clock = ManualClock()
    return create(name, Settings(), ScriptedHttp(unexpected, clock.monotonic), clock)


@EVERY
async def test_the_provider_that_is_made_is_the_one_described(descriptor: Descriptor) -> None:
    provider = make(descriptor.name)
    assert (provider.name, provider.title, provider.kind) == (
        descriptor.name,
        descriptor.title,
        descriptor.kind,
    )
    assert isinstance(getattr(Settings(), descriptor.name), descriptor.section)


@EVERY
def test_a_key_is_needed_where_the_section_has_one_and_then_it_is_said_what_for(
    descriptor: Descriptor,
) -> None:
    has_key = "api_key" in {field.name for field in msgspec.structs.fields(descriptor.section)}
    assert (descriptor.key is not None) is has_key
    assert bool(descriptor.hint) is has_key


def test_every_provider_that_can_be_chosen_can_be_made_and_the_other_way_round() -> None:
    choosable = [one.name for kind in DataKind for one in candidates(kind)]
    assert sorted(choosable) == sorted(PROVIDERS)


async def test_a_name_that_nobody_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownProvider, match="no provider 'acme' is in use; there are: birdeye, "):
        make("acme")


async def test_a_program_may_bring_providers_of_its_own() -> None:
    made = make("kraken")
    own = {"kraken": Descriptor(name="kraken", title="Mine", make=lambda *_: made)}
    clock = ManualClock()
    http = ScriptedHttp(lambda asked: Answer(200, {}, b""), clock.monotonic)
    assert create("kraken", Settings(), http, clock, providers=own) is made
    with pytest.raises(UnknownProvider):
        create("birdeye", Settings(), http, clock, providers=own)


def test_the_first_source_without_a_key_says_what_a_key_would_add_and_no_other() -> None:
    hints = {name: key_hint(name, Settings()) for name in PROVIDERS}
    assert {name: hint for name, hint in hints.items() if hint} == {
        "kraken": "BIRDEYE_API_KEY would stream every Solana token",
        "solana": "HELIUS_API_KEY would follow more wallets, sooner",
    }


def test_where_the_key_is_set_nothing_is_missing() -> None:
    settings = Settings(birdeye=BirdeyeSettings(api_key="k"), helius=HeliusSettings(api_key="k"))
    assert {key_hint(name, settings) for name in PROVIDERS} == {""}
