"""Refuses a wallet's secret that was written where a setting belongs.

Values are checked as they were written, before a list is split: a comma and a space may be parts of a
secret. Names are checked as well, also those of unknown keys and variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamcore.config.keys import setting_keys
from streamcore.errors import SettingsError
from streamcore.text import HIDDEN
from streamcore.wallet_secrets import (
    IN_AN_ADDRESS_OF_A_HOST,
    LIKE_A_KEY_OF_AN_API,
    refusal_of,
    secret_form,
)


def refuse_secrets(name: str, value: Any, origin: str) -> None:
    """Refuse a value, or the name it was given, that looks like a wallet's secret.

    Args:
        name: The dotted key, or what stands in its place.
        value: As it was written: a text, a number, or lists and tables of them.
        origin: Where it was written.

    Raises:
        SettingsError: It does; the text does not repeat it.
    """
    if (form := secret_form(name)) is not None:
        raise SettingsError(HIDDEN, None, refusal_of(form), origin)
    form = secret_form(" ".join(_texts(value)))
    if form is None or (form in IN_AN_ADDRESS_OF_A_HOST and _is_url(name, value)):
        return
    if not (form in LIKE_A_KEY_OF_AN_API and _is_api_key(name)):
        raise SettingsError(name, HIDDEN, refusal_of(form), origin)


def refuse_secrets_within(document: Mapping[str, Any], origin: str, prefix: str = "") -> None:
    """Refuse every key and every value of a document that looks like a wallet's secret.

    Args:
        document: A configuration file's tables.
        origin: Where they stand.
        prefix: What the keys begin with.

    Raises:
        SettingsError: One of them does; the text does not repeat it.
    """
    for field, value in document.items():
        name = prefix + field
        if isinstance(value, Mapping):
            refuse_secrets_within(value, origin, f"{name}.")
        refuse_secrets(name, value if not isinstance(value, Mapping) else _own(name, value), origin)


def _own(table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table without tables, URLs and API keys: each of those is looked at by itself."""
    return {
        name: value
        for name, value in values.items()
        if not (isinstance(value, Mapping) or _is_api_key(f"{table}.{name}"))
        and not (isinstance(value, str) and "://" in value)
    }


def _is_api_key(name: str) -> bool:
    key = setting_keys().get(name)
    return key is not None and key.secret


def _is_url(name: str, value: Any) -> bool:
    key = setting_keys().get(name)
    return key is not None and bool(key.schemes) and isinstance(value, str) and "://" in value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield f"{name}:"
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str | int):
        yield str(value)
