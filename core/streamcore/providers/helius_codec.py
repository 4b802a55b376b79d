"""The words of Helius' WebSocket: ``transactionSubscribe`` out, transactions of the watched wallets in.

There is no way to change a subscription. A new list of wallets is a new subscription, and only when it is
acknowledged is the old one given up, so that no transaction falls in between; what comes twice meanwhile
is told apart by its signature, elsewhere. Source: helius.dev/docs/rpc/websocket, "transactionSubscribe".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.base import Alive, Frame, Notice, Refusal, Report, TransactionReport, Unusable
from streamcore.providers.decoding import Undecodable, content
from streamcore.providers.solana_rpc import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Message,
    Params,
    RpcError,
    encoded,
    read,
    request,
    transaction_options,
)
from streamcore.subscriptions import batches
from streamcore.text import printable
from streamcore.transactions import SolanaTransaction

HELD_NOTIFICATIONS = 1000
"""Notifications kept while the subscription they belong to is not acknowledged yet."""

LANES = (False, True)
"""Successful and failed transactions, subscribed apart.

Whether ``failed: true`` means "also failed" or "only failed", and what leaving it out means, the documents
of the service tell differently; two subscriptions deliver both under every reading.
"""


@dataclass(frozen=True, slots=True)
class _Wish:
    """One subscription: these wallets, and which of their transactions."""

    wallets: tuple[str, ...]
    failed: bool


class _Notification(msgspec.Struct, frozen=True):
    """``transactionNotification``; unlike standard notifications it has no context and no block time."""

    transaction: SolanaTransaction
    signature: str
    slot: int


class HeliusCodec:
    """One Helius connection; see `streamcore.providers.base.Codec`. Topics are wallet addresses."""

    def __init__(self, batch_size: int) -> None:
        """``batch_size``: wallets in one subscription at most."""
        self._batch_size = batch_size
        self._open = False
        self._alive = False
        self._wishes: tuple[_Wish, ...] = ()
        self._last_id = 0
        self._requests: dict[int, _Wish | None] = {}
        self._active: dict[_Wish, int] = {}
        self._refused_wishes: set[_Wish] = set()
        self._held: deque[Params] = deque(maxlen=HELD_NOTIFICATIONS)
        self._outgoing: list[Frame] = []

    def opened(self) -> None:
        """Subscribe to slots, the heartbeat of the chain, and to what is wanted."""
        self._open = True
        self._request("slotSubscribe", None)
        self._subscribe()

    def want(self, topics: Sequence[str]) -> None:
        """Make these wallets the subscription, all of them."""
        runs = batches(topics, self._batch_size)
        self._wishes = tuple(_Wish(run, failed) for run in runs for failed in LANES)
        self._subscribe()

    def frames_to_send(self) -> list[Frame]:
        """Return the frames to send now, and forget them."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def received(self, frame: Frame) -> list[Report]:
        """Return what one frame says."""
        try:
            message = read(frame)
            if message.method:
                return self._notified(message)
            return self._answered(message)
        except Undecodable as error:
            return [Unusable(str(error))]

    def _subscribe(self) -> None:
        if not self._open:
            return
        under_way = set(self._requests.values())
        for wish in self._wishes:
            if wish not in self._active and wish not in under_way and wish not in self._refused_wishes:
                # an empty accountInclude would be no filter at all; a wish always names a wallet
                accounts = {
                    "vote": False,
                    "failed": wish.failed,
                    "accountInclude": list(wish.wallets),
                    "tokenAccounts": "balanceChanged",
                }
                options = {**transaction_options(), "transactionDetails": "full", "showRewards": False}
                self._request("transactionSubscribe", wish, accounts, options)
        self._give_up_outdated()

    def _give_up_outdated(self) -> None:
        """Unsubscribe what is not wanted any more, once nothing that replaces it is under way."""
        if any(wish in self._wishes for wish in self._requests.values() if wish is not None):
            return
        for wish in [wish for wish in self._active if wish not in self._wishes]:
            self._request("transactionUnsubscribe", None, self._active.pop(wish))

    def _request(self, method: str, wish: _Wish | None, *params: object) -> None:
        self._last_id += 1
        self._requests[self._last_id] = wish
        self._outgoing.append(encoded(request(self._last_id, method, list(params))))

    def _answered(self, message: Message) -> list[Report]:
        if not isinstance(message.id, int) or message.id not in self._requests:
            if message.error is not None:
                return [Notice(meaning_of_error(message.error))]
            return [Unusable("an answer to nothing that was asked")]
        wish = self._requests.pop(message.id)
        reports: list[Report] = []
        if message.error is not None:
            refused = self._refused(message.error, wish)
            if isinstance(refused, Refusal) and not refused.topics:
                return [refused]
            reports = [refused]
        elif wish is not None:
            try:
                self._active[wish] = content(message.result, int)
            except Undecodable as error:
                # without its number, what comes for it cannot be told from what comes for nobody
                text = f"Helius acknowledged a subscription with something unreadable: {error}"
                return [Refusal(ProviderError(ErrorKind.PROTOCOL, text))]
            self._subscribe()
            reports = self._replay()
        if not self._alive and not any(self._requests.values()) and (self._active or not self._wishes):
            # green only when what is wanted is subscribed, not when just the socket answers
            self._alive = True
            reports.insert(0, Alive())
        return reports

    def _refused(self, error: RpcError, wish: _Wish | None) -> Refusal | Notice:
        refused = meaning_of_error(error)
        if wish is None:
            return Notice(refused)
        if error.code == INVALID_PARAMS:
            # the same parameters would be refused again, on this connection at least
            self._refused_wishes.add(wish)
            return Refusal(refused, wish.wallets)
        return Refusal(refused)

    def _notified(self, message: Message) -> list[Report]:
        params = message.params
        if params is None:
            return [Unusable("a notification without parameters")]
        match message.method:
            case "transactionNotification":
                return self._transaction(params)
            case "slotNotification":
                return []
            case method:
                return [Unusable(f"an unknown notification {printable(method, limit=40)}")]

    def _transaction(self, params: Params) -> list[Report]:
        if params.subscription not in self._active.values():
            if any(self._requests.values()):
                # the gateway gives no promise that the acknowledgement comes first
                self._held.append(params)
            return []
        notification = content(params.result, _Notification)
        return [TransactionReport(notification.signature, notification.slot, notification.transaction)]

    def _replay(self) -> list[Report]:
        """Read again what came for subscriptions that were not acknowledged yet."""
        held, self._held = self._held, deque(maxlen=HELD_NOTIFICATIONS)
        reports: list[Report] = []
        for params in held:
            try:
                reports += self._transaction(params)
            except Undecodable as error:
                reports.append(Unusable(str(error)))
        return reports


def meaning_of_error(error: RpcError) -> ProviderError:
    """Return what a JSON-RPC error means, over WebSocket or HTTP."""
    shown = printable(error.text, limit=120)
    folded = shown.casefold()
    if "max usage" in folded:
        return ProviderError(ErrorKind.QUOTA, quota_text(shown))
    if error.code in (INVALID_REQUEST, METHOD_NOT_FOUND) and "plan" in folded:
        text = f"Helius does not stream transactions on this plan ({shown})"
        return ProviderError(ErrorKind.PLAN, text)
    if "api key" in folded or error.code in (-32401, -32001):
        return ProviderError(ErrorKind.AUTH, f"Helius refused the API key ({shown}); check HELIUS_API_KEY")
    if error.code in (-32429, 429):
        return ProviderError(ErrorKind.RATE_LIMIT, f"Helius asks for fewer requests ({shown})")
    if error.code in (INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS):
        return ProviderError(ErrorKind.SUBSCRIPTION, f"Helius refused the request ({shown})")
    return ProviderError(ErrorKind.SERVER, f"Helius reported an error ({shown})")


def quota_text(shown: str) -> str:
    """Return the sentence for a key whose credits are used up."""
    return f"the Helius credits of this key are used up ({shown}); they return with the next billing period"
