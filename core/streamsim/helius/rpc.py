"""An emulated Helius: its JSON-RPC over HTTP, on the same chain as its socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from streamcore.clock import Clock
from streamsim.helius import messages
from streamsim.helius.messages import RpcError
from streamsim.servers.clients import Profile
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.servers.limits import TokenBucket
from streamsim.wire import is_address
from streamsim.world.catalog import CATALOG
from streamsim.world.chain import FINAL_AFTER, Transaction, account_value
from streamsim.world.wallets import WalletChain

API_VERSION = "4.2.2"

PAID_RATE = 50.0
FREE_RATE = 10.0
"""Requests a second by plan."""

PAID_METHODS = frozenset({"getTransactionsForAddress"})
"""Methods of Helius' own, which a free key may not call."""

_MAX_SIGNATURES = 1000
_MAX_FULL = 100
_MAX_ACCOUNTS = 100
_BATCH = {"getTransaction": 100, "getTransactionsForAddress": 1}
_OTHER_BATCH = 10

_ERRORS = {
    401: (messages.BAD_KEY, "invalid api key provided"),
    403: (-32003, "Access forbidden"),
    404: (messages.METHOD_NOT_FOUND, "Not found"),
    429: (messages.RATE_LIMITED, "rate limited"),
}


def error_reply(status: int, message: str | None = None) -> HttpReply:
    """Return an HTTP error with the body Helius gives it."""
    code, usual = _ERRORS.get(status, (-32603, "Internal error"))
    body: dict[str, Any] = {"jsonrpc": "2.0", "error": {"code": code, "message": message or usual}}
    if message == "max usage reached":
        body["id"] = 1
    return HttpReply.json(body, status)


class HeliusRpc:
    """Answers JSON-RPC requests about a chain.

    Args:
        clock: Time.
        chain: The chain it serves.
        watch: Called with the addresses a client asks for.
    """

    def __init__(self, clock: Clock, chain: WalletChain, watch: Callable[[list[str]], None]) -> None:
        self.lag = 0.0
        """Seconds until a transaction that was streamed can be fetched."""
        self.rate: float | None = None
        """Requests per second and key; ``None``: what the plan of the key allows."""
        self._clock = clock
        self._chain = chain
        self._watch = watch
        self._buckets: dict[tuple[str, float], TokenBucket] = {}

    def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to one request, or to one batch of them."""
        profile = self._profile(request)
        if refusal := self._unwelcome(request):
            return refusal
        if request.method != "POST":
            return HttpReply(405, b"Used HTTP Method is not allowed. POST or OPTIONS is required\n")
        try:
            message = msgspec.json.decode(request.body)
        except msgspec.DecodeError:
            return HttpReply.json(messages.error(None, RpcError(messages.PARSE_ERROR, "Parse error")))
        calls = message if isinstance(message, list) else [message]
        if refusal := self._too_often(request, calls):
            return refusal
        if wrong := _batch_refusal(message):
            return HttpReply.json(messages.error(None, wrong))
        answers = [self._call(call, profile) for call in calls]
        refused_plan = any(
            answer.get("error", {}).get("code") == messages.INVALID_REQUEST for answer in answers
        )
        return HttpReply.json(
            answers if isinstance(message, list) else answers[0],
            403 if refused_plan and profile is Profile.FREE else 200,
        )

    def _profile(self, request: HttpRequest) -> Profile:
        """Return what the key of a request is allowed to do."""
        return Profile.of(request.query.get("api-key"))

    def _unwelcome(self, request: HttpRequest) -> HttpReply | None:
        """Return the answer that refuses a request by its path or key, ``None`` to let it pass."""
        profile = self._profile(request)
        if request.path not in {"", "/"}:
            return error_reply(404)
        if profile is Profile.BAD:
            return error_reply(401)
        if profile is Profile.EXHAUSTED:
            return error_reply(429, "max usage reached")
        return None

    def _too_often(self, request: HttpRequest, calls: list[Any]) -> HttpReply | None:
        """Count the calls of a request; return the answer if they are too many."""
        bucket = self._bucket(request.query.get("api-key", ""), self._profile(request))
        passed = [bucket.take() for _ in calls]
        return None if all(passed) else error_reply(429)

    def _bucket(self, key: str, profile: Profile) -> TokenBucket:
        rate = self.rate or (FREE_RATE if profile is Profile.FREE else PAID_RATE)
        bucket = self._buckets.get((key, rate))
        if bucket is None:
            bucket = self._buckets[key, rate] = TokenBucket(self._clock, rate)
        return bucket

    def _call(self, message: object, profile: Profile) -> dict[str, Any]:
        identifier = message.get("id") if isinstance(message, Mapping) else None
        try:
            identifier, method, params = messages.read_request(message)
            return messages.result(identifier, self._method(method, profile)(self, params))
        except RpcError as refusal:
            return messages.error(identifier, refusal)

    def _method(self, name: str, profile: Profile) -> Callable[[HeliusRpc, list[Any]], Any]:
        handler = _METHODS.get(name)
        if handler is None:
            raise RpcError(messages.METHOD_NOT_FOUND, "Method not found")
        if name in PAID_METHODS and profile is Profile.FREE:
            raise RpcError(messages.INVALID_REQUEST, f"{name} is not available on the free plan")
        return handler

    # A method for each method of the RPC

    def _get_signatures(self, params: list[Any]) -> Any:
        address, options = self._address(params), messages.parameter(params, 1)
        limit = options.get("limit", _MAX_SIGNATURES)
        if not isinstance(limit, int) or not 1 <= limit <= _MAX_SIGNATURES:
            raise RpcError(messages.INVALID_PARAMS, f"Invalid limit; max {_MAX_SIGNATURES}")
        self._check(options)
        found = self._visible(self._chain.transactions(address), options)[::-1]
        if (before := options.get("before")) is not None:
            position = self._position(before)
            found = [known for known in found if known.order < position]
        if (until := options.get("until")) is not None:
            position = self._position(until)
            found = [known for known in found if known.order > position]
        return [self._signature_info(known) for known in found[:limit]]

    def _position(self, signature: object) -> tuple[int, int]:
        if not messages.is_signature(signature):
            raise RpcError(messages.INVALID_PARAMS, "Invalid param: WrongSize")
        known = self._chain.transaction(str(signature))
        if known is None or not self._is_visible(known):
            raise RpcError(messages.CURSOR_NOT_FOUND, f"Transaction {signature} not found")
        return known.order

    def _get_transaction(self, params: list[Any]) -> Any:
        if not params or not messages.is_signature(params[0]):
            raise RpcError(messages.INVALID_PARAMS, "Invalid param: WrongSize")
        options = messages.parameter(params, 1)
        self._check(options)
        known = self._chain.transaction(params[0])
        if known is None or not self._visible([known], options):
            return None
        return messages.fetched(known, messages.supported_version(options))

    def _get_transactions(self, params: list[Any]) -> Any:
        address, options = self._address(params), messages.parameter(params, 1)
        full = options.get("transactionDetails", "signatures") == "full"
        most = _MAX_FULL if full else _MAX_SIGNATURES
        limit = options.get("limit", most)
        if not isinstance(limit, int) or not 1 <= limit <= most:
            raise RpcError(messages.INVALID_PARAMS, f"Invalid limit; max {most}")
        self._check(options)
        filters = options.get("filters") or {}
        expansion = messages.read_expansion(filters.get("tokenAccounts"))
        found = self._visible(self._chain.transactions(address, expansion), options)
        found = [known for known in found if _passes(known, filters)]
        if options.get("sortOrder", "desc") == "desc":
            found.reverse()
        start = _after_token(found, options.get("paginationToken"), options.get("sortOrder", "desc"))
        page = found[start : start + limit]
        more = start + limit < len(found)
        version = messages.supported_version(options)
        return {
            "data": [
                messages.fetched(known, version) if full else self._signature_info(known) for known in page
            ],
            "paginationToken": f"{page[-1].slot}:{page[-1].index}" if page and more else None,
        }

    def _get_slot(self, params: list[Any]) -> Any:
        options = messages.parameter(params, 0)
        final = options.get("commitment", "finalized") == "finalized"
        return self._chain.slot - (FINAL_AFTER if final else 0)

    def _get_balance(self, params: list[Any]) -> Any:
        return self._in_context(self._chain.balance(self._address(params)))

    def _get_account(self, params: list[Any]) -> Any:
        address, options = self._address(params), messages.parameter(params, 1)
        return self._in_context(self._account(address, options))

    def _get_accounts(self, params: list[Any]) -> Any:
        wanted, options = params[0] if params else None, messages.parameter(params, 1)
        if not isinstance(wanted, list) or len(wanted) > _MAX_ACCOUNTS:
            raise RpcError(messages.INVALID_PARAMS, f"Too many inputs provided; max {_MAX_ACCOUNTS}")
        return self._in_context([self._account(self._address([address]), options) for address in wanted])

    def _account(self, address: str, options: Mapping[str, Any]) -> dict[str, Any] | None:
        exists = self._chain.balance(address) > 0 or address in CATALOG
        return account_value(self._chain, address, options.get("encoding")) if exists else None

    def _get_token_accounts(self, params: list[Any]) -> Any:
        owner, wanted, options = (
            self._address(params),
            messages.parameter(params, 1),
            messages.parameter(params, 2),
        )
        mint, program = wanted.get("mint"), wanted.get("programId")
        if (mint is None) == (program is None) or not is_address(mint or program):
            raise RpcError(
                messages.INVALID_PARAMS, "Invalid param: expected exactly one of mint and programId"
            )
        accounts = self._chain.token_accounts_of(owner)
        return self._in_context(
            [
                {"pubkey": key, "account": account_value(self._chain, key, options.get("encoding"))}
                for key, account in accounts.items()
                if account.mint == mint or program == account.program
            ]
        )

    def _get_statuses(self, params: list[Any]) -> Any:
        signatures = params[0] if params and isinstance(params[0], list) else []
        found = [self._chain.transaction(str(signature)) for signature in signatures]
        return self._in_context([self._status(known) for known in found])

    def _status(self, known: Transaction | None) -> dict[str, Any] | None:
        if known is None or not self._is_visible(known):
            return None
        final = self._is_final(known)
        return {
            "slot": known.slot,
            "confirmations": None if final else self._chain.slot - known.slot,
            "err": known.err,
            "status": {"Ok": None} if known.err is None else {"Err": known.err},
            "confirmationStatus": "finalized" if final else "confirmed",
        }

    def _get_block_time(self, params: list[Any]) -> Any:
        if not params or not isinstance(params[0], int):
            raise RpcError(messages.INVALID_PARAMS, "Invalid params: expected a slot")
        return self._chain.block_time(params[0])

    def _get_health(self, params: list[Any]) -> Any:
        return "ok"

    def _get_version(self, params: list[Any]) -> Any:
        return {"solana-core": API_VERSION, "feature-set": 2_812_345_678}

    # Used by several of them

    def _address(self, params: Sequence[Any]) -> str:
        if not params or not is_address(params[0]):
            raise RpcError(messages.INVALID_PARAMS, "Invalid param: Invalid")
        address = str(params[0])
        self._watch([address])
        return address

    def _check(self, options: Mapping[str, Any]) -> None:
        if options.get("commitment") == "processed":
            raise RpcError(messages.INVALID_PARAMS, "Method does not support commitment below `confirmed`")
        least = options.get("minContextSlot")
        if isinstance(least, int) and least > self._chain.slot:
            data = {"contextSlot": self._chain.slot}
            raise RpcError(messages.MIN_CONTEXT_SLOT, "Minimum context slot has not been reached", data)

    def _visible(self, found: list[Transaction], options: Mapping[str, Any]) -> list[Transaction]:
        final = options.get("commitment", "finalized") == "finalized"
        return [known for known in found if self._is_visible(known) and (not final or self._is_final(known))]

    def _is_visible(self, known: Transaction) -> bool:
        return known.made_at + self.lag <= self._clock.monotonic()

    def _is_final(self, known: Transaction) -> bool:
        return known.slot <= self._chain.slot - FINAL_AFTER

    def _signature_info(self, known: Transaction) -> dict[str, Any]:
        return messages.signature_info(known, final=self._is_final(known))

    def _in_context(self, value: Any) -> dict[str, Any]:
        return {"context": {"slot": self._chain.slot, "apiVersion": API_VERSION}, "value": value}


def _batch_refusal(message: object) -> RpcError | None:
    if not isinstance(message, list):
        return None
    methods = [call.get("method") for call in message if isinstance(call, Mapping)]
    most = min((_BATCH.get(str(method), _OTHER_BATCH) for method in methods), default=0)
    if 0 < len(message) <= most:
        return None
    return RpcError(
        messages.INVALID_REQUEST, f"Batch size exceeded; max {most}" if message else "Invalid request"
    )


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, bound: bool(value > bound),
    "gte": lambda value, bound: bool(value >= bound),
    "lt": lambda value, bound: bool(value < bound),
    "lte": lambda value, bound: bool(value <= bound),
    "eq": lambda value, bound: bool(value == bound),
}


def _passes(known: Transaction, filters: Mapping[str, Any]) -> bool:
    for name, value in (("slot", known.slot), ("blockTime", known.block_time)):
        for comparison, bound in (filters.get(name) or {}).items():
            if comparison not in _COMPARISONS:
                raise RpcError(messages.INVALID_PARAMS, f"Invalid params: unknown field `{comparison}`")
            if not _COMPARISONS[comparison](value, bound):
                return False
    status = filters.get("status", "any")
    return bool(status == "any" or (status == "failed") == (known.err is not None))


def _after_token(found: list[Transaction], token: object, order: str) -> int:
    if token is None:
        return 0
    try:
        slot, index = map(int, str(token).split(":"))
    except ValueError:
        raise RpcError(messages.INVALID_PARAMS, "Invalid pagination token") from None
    for position, known in enumerate(found):
        past = known.order < (slot, index) if order == "desc" else known.order > (slot, index)
        if past:
            return position
    return len(found)


_METHODS: dict[str, Callable[[HeliusRpc, list[Any]], Any]] = {
    "getSignaturesForAddress": HeliusRpc._get_signatures,
    "getTransaction": HeliusRpc._get_transaction,
    "getTransactionsForAddress": HeliusRpc._get_transactions,
    "getSlot": HeliusRpc._get_slot,
    "getBalance": HeliusRpc._get_balance,
    "getAccountInfo": HeliusRpc._get_account,
    "getMultipleAccounts": HeliusRpc._get_accounts,
    "getTokenAccountsByOwner": HeliusRpc._get_token_accounts,
    "getSignatureStatuses": HeliusRpc._get_statuses,
    "getBlockTime": HeliusRpc._get_block_time,
    "getHealth": HeliusRpc._get_health,
    "getVersion": HeliusRpc._get_version,
}
