from __future__ import annotations

import pytest

from streamcore import errors
from streamcore.errors import (
    BadAddress,
    IllegalTransition,
    InputError,
    ProviderError,
    SettingsError,
    StreamcoreError,
    UnknownProvider,
    UnknownSymbol,
)
from streamcore.events import ErrorKind, State


def test_every_exception_is_in_the_one_tree_and_in_the_drawing_of_it() -> None:
    defined = [item for item in vars(errors).values() if isinstance(item, type)]
    exceptions = [item for item in defined if issubclass(item, Exception)]
    assert len(exceptions) == 13
    assert all(issubclass(item, StreamcoreError) for item in exceptions)
    assert all(item.__name__ in (errors.__doc__ or "") for item in exceptions)


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_just_key_plan_and_quota_park_and_are_not_retried(kind: ErrorKind) -> None:
    error = ProviderError(kind, "sentence")
    parks = kind in {ErrorKind.AUTH, ErrorKind.PLAN, ErrorKind.QUOTA}
    assert (error.parks, error.retryable) == (parks, not parks)


def test_whether_to_retry_can_be_said_outright() -> None:
    assert ProviderError(ErrorKind.SERVER, "sentence", retryable=False).retryable is False
    assert ProviderError(ErrorKind.AUTH, "sentence", retryable=True).retryable is True


def test_a_provider_error_reads_as_its_sentence() -> None:
    error = ProviderError(ErrorKind.RATE_LIMIT, "slow down", retry_after=2.5)
    assert (str(error), error.message, error.retry_after) == ("slow down", "slow down", 2.5)


def test_a_settings_error_names_key_value_origin_and_what_is_allowed() -> None:
    error = SettingsError("stream.stale_after", -1, "expected a number above 0", "config.toml")
    assert str(error) == "stream.stale_after = -1 (config.toml): expected a number above 0"


def test_a_settings_error_about_an_unknown_key_shows_no_value() -> None:
    assert str(SettingsError("stream.stal", None, "no such key", "file")) == "stream.stal (file): no such key"


def test_what_a_person_typed_is_quoted_with_its_control_characters_visible() -> None:
    error = UnknownSymbol("SO\x1b[2JL", "is not known")
    assert str(error) == "'SO\\x1b[2JL' is not known"
    assert (error.value, error.reason) == ("SO\x1b[2JL", "is not known")


@pytest.mark.parametrize("kind", [UnknownSymbol, BadAddress])
def test_input_errors_are_value_errors_too(kind: type[InputError]) -> None:
    with pytest.raises(ValueError, match="is wrong"):
        raise kind("x", "is wrong")


def test_an_unknown_provider_names_those_in_use_and_reads_as_a_sentence() -> None:
    error = UnknownProvider("nasdaq", ["birdeye", "helius"])
    assert str(error) == "no provider 'nasdaq' is in use; there are: birdeye, helius"
    assert (error.name, error.known) == ("nasdaq", ("birdeye", "helius"))
    assert isinstance(error, KeyError)
    assert str(UnknownProvider("x", [])) == "no provider 'x' is in use; there are: none"


def test_an_illegal_step_names_both_states() -> None:
    error = IllegalTransition(State.FAILED, State.CONNECTED)
    assert (error.state, error.target) == (State.FAILED, State.CONNECTED)


SECRET_KEY = "2PaScuqSuAzbxAh8KkYezizTra2HJLSw2zrhUCTmwHGBqqGHFPMZjtWEdHw5dWWmSDp35rUmToscBsbohZCToaih"


@pytest.mark.parametrize(
    "error",
    [
        InputError(SECRET_KEY, "is no token"),
        BadAddress(SECRET_KEY, "is not a Solana address"),
        SettingsError("wallets", SECRET_KEY, "expected an address", "option --wallets"),
        SettingsError("wallets", [SECRET_KEY], "expected an address", "file"),
        SettingsError(f"labels.{SECRET_KEY}", None, "expected a name", "file"),
    ],
)
def test_no_error_repeats_a_wallets_secret_and_each_says_what_to_do(error: StreamcoreError) -> None:
    text = f"{error} {error!r} {vars(error)}"
    assert SECRET_KEY[:20] not in text
    assert "treat it as known to others" in text


def test_of_a_very_long_value_a_sentence_repeats_the_beginning() -> None:
    for error in (
        InputError("x" * 5000, "is no ticker"),
        SettingsError("symbols", "y" * 5000, "a list", "--symbols"),
    ):
        assert len(str(error)) < 160
        assert "xxxx…'" in str(error) or "yyyy…'" in str(error)
        assert len(error.value) == 5000, "the value itself stays"
