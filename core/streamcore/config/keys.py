"""Every key that can be configured, derived from the structures in `streamcore.config.model`.

What a key means, what it may be and which variables set it is written there once; loading, error messages,
``config show`` and the starter file all take it from here.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect as types

from streamcore.config.model import Settings
from streamcore.config.section import Section
from streamcore.config.sources import SourceSettings
from streamcore.urls import hidden_parts

PREFIX = "STREAMTUI_"
"""What our environment variables begin with; an unknown one that does is an error."""


class Key(msgspec.Struct, frozen=True):
    """One setting: what it is called, where its value may come from, and what that may be."""

    name: str
    """Dotted: ``stream.stale_after``; without a dot at the top level: ``symbols``."""
    type: Any
    """The type, as `msgspec.convert` takes it."""
    default: Any
    description: str
    allowed: str
    """What a value may be, as a phrase."""
    optional: bool
    """It may be unset (``None``)."""
    secret: bool
    """Its value is never shown."""
    familiar: str | None
    """A second variable that sets it: the provider's own name for it, which people often have set."""
    schemes: tuple[str, ...]
    """For a URL: the encrypted scheme, then the plain one that only a loopback host may use."""
    host_only: bool
    """For a URL: scheme and host, without a path."""
    verbatim: bool
    """For a list: its items are taken as they are, not split at commas, and may repeat."""
    choices: tuple[int, ...]
    """For a number: the only ones that are allowed; empty: all within its bounds are."""
    is_list: bool
    is_table: bool
    """Its value is a table of names that the user chooses."""
    is_array: bool
    """Its value is any number of tables, written as ``[[name]]``; only a file can hold it."""

    @property
    def section(self) -> str:
        """The section, or an empty string at the top level."""
        return self.name.rpartition(".")[0]

    @property
    def variable(self) -> str:
        """The environment variable that sets it; of a table, what its variables begin with."""
        return PREFIX + self.name.upper().replace(".", "_") + ("_" if self.is_table else "")

    @property
    def variables(self) -> tuple[str, ...]:
        """Every environment variable that sets it, the strongest last."""
        if self.is_array:
            return ()
        return (self.variable,) if self.familiar is None else (self.familiar, self.variable)

    @property
    def file_variables(self) -> tuple[str, ...]:
        """Of a secret, every variable that names a file it is in; a variable with the secret itself wins."""
        return tuple(f"{variable}_FILE" for variable in self.variables) if self.secret else ()


@cache
def setting_keys() -> dict[str, Key]:
    """Return every key by its dotted name, in the order of the structures."""
    return {key.name: key for key in _keys_of(Settings, types.type_info(Settings), "")}


@cache
def sections() -> dict[str, str]:
    """Return each section's name and what it is about, as a phrase."""
    found = {}
    for field in msgspec.structs.fields(Settings):
        if _is_section(field.type):
            first_line = (inspect.getdoc(field.type) or "").partition("\n")[0]
            found[field.name] = first_line.partition(": ")[2].rstrip(".")
    return found


@cache
def sources() -> dict[str, type[SourceSettings]]:
    """Return the section of every provider by the provider's name, the preferred of each kind first."""
    return {
        field.name: field.type
        for field in msgspec.structs.fields(Settings)
        if isinstance(field.type, type) and issubclass(field.type, SourceSettings)
    }


def secrets(settings: Settings) -> tuple[str, ...]:
    """Return the secret values in these settings, which no text may show: keys, and parts of URLs."""
    found: list[str] = []
    for key in setting_keys().values():
        value = value_of(settings, key)
        if key.secret and value:
            found.append(value)
        elif key.schemes and value != key.default:
            for url in value if key.is_list else (value,):
                found += hidden_parts(url)
    return tuple(found)


def value_of(settings: Settings, key: Key) -> Any:
    """Return the value of one key."""
    value: Any = settings
    for part in key.name.split("."):
        value = getattr(value, part)
    return value


def _is_section(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, Section)


def _keys_of(structure: type[Section], described: types.Type, prefix: str) -> list[Key]:
    assert isinstance(described, types.StructType)  # noqa: S101 - it is one by its annotation
    found = []
    for field, description in zip(msgspec.structs.fields(structure), described.fields, strict=True):
        if _is_section(field.type):
            found += _keys_of(field.type, description.type, f"{prefix}{field.name}.")
        else:
            found.append(_key(prefix + field.name, field, description.type))
    return found


def _key(name: str, field: msgspec.structs.FieldInfo, described: types.Type) -> Key:
    schema: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    if isinstance(described, types.Metadata):
        schema, extra, described = described.extra_json_schema or {}, described.extra or {}, described.type
    optional = isinstance(described, types.UnionType)
    if isinstance(described, types.UnionType):
        described = next(one for one in described.types if not isinstance(one, types.NoneType))
    schemes = tuple(extra.get("schemes", ()))
    host_only = bool(extra.get("host_only"))
    secret = bool(extra.get("secret"))
    choices = tuple(extra.get("choices", ()))
    is_array = isinstance(described, types.VarTupleType) and isinstance(described.item_type, types.StructType)
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return Key(
        name=name,
        type=field.type,
        default=default,
        description=schema.get("description", ""),
        allowed=_allowed(described, secret, schemes, host_only, choices),
        optional=optional,
        secret=secret,
        familiar=extra.get("familiar"),
        schemes=schemes,
        host_only=host_only,
        verbatim=bool(extra.get("verbatim")),
        choices=choices,
        is_list=isinstance(described, types.VarTupleType) and not is_array,
        is_table=isinstance(described, types.DictType),
        is_array=is_array,
    )


def _allowed(
    described: types.Type, secret: bool, schemes: tuple[str, ...], host_only: bool, choices: tuple[int, ...]
) -> str:
    if schemes:
        return _url_phrase(schemes, host_only)  # each, of a list
    if choices:
        return f"one of: {', '.join(map(str, choices))}"
    return _phrase(described, secret)


def _url_phrase(schemes: tuple[str, ...], host_only: bool) -> str:
    encrypted, plain = schemes
    parts = "scheme and host alone" if host_only else "without user name, query or key"
    article = "an" if encrypted == "https" else "a"
    return f"{article} {encrypted}:// URL, {parts}; {plain}:// only for a loopback host"


def _phrase(described: types.Type, secret: bool) -> str:
    match described:
        case types.BoolType():
            return "true or false"
        case types.IntType():
            return "a whole number" + _bounds(described)
        case types.FloatType():
            return "a number" + _bounds(described)
        case types.EnumType():
            return f"one of: {', '.join(described.cls)}"
        case types.VarTupleType(item_type=types.StructType()):
            return "tables, each written as [[alerts]]"
        case types.VarTupleType(item_type=types.EnumType() as item):
            return f"a list of one or more of: {', '.join(item.cls)}"
        case types.VarTupleType():
            return "a list of texts"
        case types.DictType():
            return "a table of texts"
        case types.StrType() if secret:
            return "the key as the provider gave it, without spaces"
        case _:
            return "a text"


def _bounds(described: types.IntType | types.FloatType) -> str:
    low, high = described.ge, described.le
    if described.gt is not None:
        return f" above {described.gt:g}" + ("" if high is None else f", up to {int(high)}")
    if low is None:
        return "" if high is None else f" up to {int(high)}"
    return f" from {low:g} to {int(high)}" if high is not None else f" from {low:g} up"
