"""Keeps out of a capture what is private: API keys, and the hosts of people's own servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from streamcore.config.keys import sources
from streamcore.config.model import Settings
from streamcore.loopback import is_loopback
from streamcore.net.transport import Answer, Frame
from streamcore.recording.lines import Failure, KeptAnswer, KeptRequest, content
from streamcore.text import SHORTEST_SECRET, Mask

URLS = ("rest_url", "rpc_url")
"""The settings with the URL of a provider's HTTP API."""

STREAM_URLS = ("ws_url",)
"""The settings with the URL of its stream."""

KEYS = ("key", "token", "secret", "password")
"""Endings of query parameters that are left out: each node has its own name for its key."""

HEADERS = ("retry-after", "date")
"""Headers of an answer that are kept, beside those with `RATE` in their names."""
RATE = "ratelimit"


def own_hosts(settings: Settings) -> set[str]:
    """Return the hosts in these settings that are private: neither the default ones nor this machine.

    A person's own node is often named after them.
    """
    public = set(_hosts(Settings()))
    return {host for host in _hosts(settings) if host not in public and not is_loopback(host)}


def _hosts(settings: Settings) -> Iterator[str]:
    for name in sources():
        for field in (*URLS, *STREAM_URLS):
            url = getattr(getattr(settings, name), field, None)
            if isinstance(url, str) and (host := urlsplit(url).hostname):
                yield host


class Masking:
    """Removes secrets from requests, answers, frames and errors before they are written."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """``secrets``: what must not be kept; an empty one is ignored."""
        self._secrets = frozenset(filter(None, secrets))
        # JSON may write a slash in either way
        forms = self._secrets | {secret.replace("/", r"\/") for secret in self._secrets}
        self._mask = Mask(forms)
        self._bytes = [secret.encode() for secret in forms if len(secret) >= SHORTEST_SECRET]

    def knowing(self, secrets: Iterable[str]) -> Masking:
        """Return a masking that also masks these."""
        more = set(filter(None, secrets)) - self._secrets
        return Masking(self._secrets | more) if more else self

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        return self._mask.apply(text)

    def frame(self, data: Frame) -> Mapping[str, str]:
        """Return a frame or a body as fields, without secrets; bytes that are no text keep their length."""
        fields = dict(content(data))
        if "text" in fields:
            return {"text": self.text(fields["text"])}
        assert isinstance(data, bytes)  # noqa: S101 - a text is a text
        for secret in self._bytes:
            data = data.replace(secret, b"*" * len(secret))
        return content(data)

    def failure(self, failure: Failure) -> Failure:
        """Return a failure without secrets."""
        return msgspec.structs.replace(failure, message=self.text(failure.message))

    def request(self, request: KeptRequest) -> KeptRequest:
        """Return a request without secrets."""
        return KeptRequest(
            request.method, self.text(request.path), self._inside(request.params), self._inside(request.json)
        )

    def _inside(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case list() | tuple():
                return [self._inside(item) for item in value]
            case dict():
                return {name: self._inside(item) for name, item in value.items()}
        return value

    def answer(self, answer: Answer) -> KeptAnswer:
        """Return an answer without secrets, and without headers that nobody here reads."""
        kept = {
            name: self.text(value)
            for name, value in answer.headers.items()
            if name in HEADERS or RATE in name
        }
        return KeptAnswer(answer.status, kept, **self.frame(answer.body))


class ProviderUrls:
    """Finds the provider that a request is for by its URL."""

    def __init__(self, settings: Settings) -> None:
        """``settings``: those in force, which in the demo lead to emulators."""
        known = {
            url.rstrip("/"): name
            for name in sources()
            for field in URLS
            if isinstance(url := getattr(getattr(settings, name), field, None), str)
        }
        # the longest first: one may begin like another
        self._known = sorted(known.items(), key=lambda one: len(one[0]), reverse=True)

    def kept(
        self, method: str, url: str, params: Mapping[str, str] | None, json: Any
    ) -> tuple[str, KeptRequest]:
        """Return the provider of a request, and the request without host, keys and the number of a call.

        The provider is empty for a URL that is in no setting; then only the path is kept.
        """
        parts = urlsplit(url)
        query = {**dict(parse_qsl(parts.query)), **(params or {})}
        plain = parts._replace(query="", fragment="").geturl()
        provider, path = "", parts.path
        for known, name in self._known:
            if plain == known or plain.startswith(known + "/"):
                provider, path = name, plain.removeprefix(known)
                break
        asked = {name: value for name, value in query.items() if not _is_key(name)}
        if isinstance(json, dict):
            json = {name: value for name, value in json.items() if name != "id"}
        return provider, KeptRequest(method, path or "/", asked, json)


def _is_key(name: str) -> bool:
    return name.casefold().endswith(KEYS)
