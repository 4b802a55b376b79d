"""Subscriptions of a Solana node over WebSocket: what is wanted out, transactions of the wallets in.

There are two ways to follow a wallet, and every provider climbs as high as it is let:

* ``transactionSubscribe``, which only some providers have: one subscription for many wallets, whole
  transactions in;
* ``logsSubscribe``, which every node has: one for each wallet and each of its token accounts, and only a
  signature in, so that the transaction has to be asked for over HTTP.

No subscription can be changed. A new list of wallets is a new subscription, and only when it is acknowledged
is the old one given up, so that no transaction falls in between; what comes twice meanwhile is told apart by
its signature, elsewhere. Source: solana.com/docs/rpc/websocket.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import zip_longest

import msgspec

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Frame
from streamcore.providers.base import Codec
from streamcore.providers.batching import batches
from streamcore.providers.decoding import Undecodable, content
from streamcore.providers.reports import (
    Alive,
    Malformed,
    Notice,
    Refusal,
    Report,
    SignatureSeen,
    TokenAccounts,
    TokenAccountsRequest,
)
from streamcore.providers.solana_rpc.cut_off import CutOff
from streamcore.providers.solana_rpc.messages import (
    COMMITMENT,
    INVALID_PARAMS,
    Message,
    Params,
    RpcError,
    encoded,
    read,
    request,
    transaction_options,
)
from streamcore.providers.solana_rpc.notifications import LogsNotification, Notification, whole_transaction
from streamcore.providers.solana_rpc.rung import Rung
from streamcore.providers.solana_rpc.transactions import report_read, report_transaction
from streamcore.providers.throttle import Throttle
from streamcore.text import printable

HELD_NOTIFICATIONS = 1000
"""Notifications kept while the subscription they belong to is not acknowledged yet."""

HINTED = 1000
"""Signatures remembered: one transaction is hinted at by each account of a wallet that it names."""

LANES = (False, True)
"""Successful and failed transactions, subscribed apart.

Whether ``failed: true`` means "also failed" or "only failed", and what leaving it out means, the documents
of the service tell differently; two subscriptions deliver both under every reading.
"""


ABOUT_A_WISH = (ErrorKind.SUBSCRIPTION, ErrorKind.SERVER)
"""Kinds of refusals that may be about one subscription; any other is about the connection or the key."""


class _Wish(msgspec.Struct, frozen=True):
    """One subscription."""

    rung: Rung
    wallets: tuple[str, ...]
    failed: bool = False
    """For whole transactions: which of them."""
    account: str = ""
    """For logs: the account they must mention, the wallet or one of its token accounts."""

    def params(self) -> list[object]:
        """Return the parameters of the subscribe request."""
        if self.rung is Rung.LOGS:
            return [{"mentions": [self.account]}, {"commitment": COMMITMENT}]
        # an empty accountInclude would be no filter at all; a wish always names a wallet
        accounts = {
            "vote": False,
            "failed": self.failed,
            "accountInclude": list(self.wallets),
            "tokenAccounts": "balanceChanged",
        }
        return [accounts, {**transaction_options(), "transactionDetails": "full", "showRewards": False}]


class SolanaCodec(Codec):
    """One connection to a node; see `streamcore.providers.base.Codec`. Topics are wallet addresses."""

    def __init__(
        self,
        batch_size: int,
        *,
        title: str,
        rung: Rung,
        understand: Callable[[RpcError], ProviderError],
        stepped_down: Callable[[], None] | None = None,
        most_logs: int | None = None,
    ) -> None:
        """Make a codec for a connection that is not open yet.

        Args:
            batch_size: Wallets in one subscription at most.
            title: The provider's name as a person writes it.
            rung: Where to start.
            understand: Gives an error its meaning.
            stepped_down: Called when the plan does not allow whole transactions and logs are followed
                instead; ``None``: such a refusal ends the connection.
            most_logs: Accounts whose logs one connection may follow; those left out are told as `Unfollowed`
                and, to a person, in a `Notice`. ``None``: no limit is known.
        """
        self._batch_size = batch_size
        self._title = title
        self._rung = rung
        self._understand = understand
        self._stepped_down = stepped_down
        self._most_logs = most_logs
        self._throttle = Throttle()
        self._cut_off = CutOff(title)
        self._minor: frozenset[str] = frozenset()
        """Accounts that are cut off first."""
        self._open = False
        self._alive = False
        self._wallets: tuple[str, ...] = ()
        self._wishes: tuple[_Wish, ...] = ()
        self._related: dict[str, tuple[str, ...]] = {}
        self._asked: set[str] = set()
        self._last_id = 0
        self._requests: dict[int, _Wish | None] = {}
        self._active: dict[int, _Wish] = {}
        self._refused_wishes: set[_Wish] = set()
        self._held: deque[Params] = deque(maxlen=HELD_NOTIFICATIONS)
        self._hinted: dict[str, None] = {}
        self._outgoing: list[Frame] = []
        self._questions: list[Report] = []

    def opened(self) -> None:
        """Subscribe to slots, the heartbeat of the chain, and to what is wanted."""
        self._open = True
        self._request("slotSubscribe", None)
        self._subscribe()

    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these wallets the subscription, all of them."""
        self._wallets = tuple(topics)
        # which accounts belong to a wallet may be different when it is wanted again
        self._asked.intersection_update(topics)
        self._related = {wallet: self._related[wallet] for wallet in topics if wallet in self._related}
        self._plan()
        self._subscribe()

    def resolved(self, related: TokenAccounts) -> None:
        """Follow the token accounts of a wallet, all of them."""
        self._related[related.topic] = related.addresses
        self._minor |= related.minor
        self._plan()
        self._subscribe()

    def rested(self) -> None:
        """Subscribe again to what was denied."""
        self._throttle.rested()
        self._subscribe()

    def frames_to_send(self) -> list[Frame]:
        """Return the frames to send now, and forget them."""
        frames, self._outgoing = self._outgoing, []
        return frames

    @property
    def unanswered(self) -> object:
        """The number of the oldest request that waits for its answer."""
        return next(iter(self._requests), None)

    def received(self, frame: Frame) -> list[Report]:
        """Return what one frame says."""
        if (report := self._whole_transaction(frame)) is not None:
            return [report]
        try:
            message = read(frame)
            reports = self._notified(message) if message.method else self._answered(message)
        except Undecodable as error:
            reports = [Malformed(str(error))]
        questions, self._questions = self._questions, []
        return [*reports, *questions]

    def _whole_transaction(self, frame: Frame) -> Report | None:
        """Return what a usual notification of a transaction says, ``None`` for everything else."""
        told = whole_transaction(frame)
        wish = None if told is None else self._active.get(told.subscription)
        if told is None or wish is None or wish.rung is not Rung.TRANSACTIONS:
            return None
        return report_read(told.result.transaction, told.result.signature, told.result.slot, wish.wallets)

    def _plan(self) -> None:
        """Decide which subscriptions there should be, whenever what that depends on has changed."""
        if self._rung is Rung.TRANSACTIONS:
            runs = batches(self._wallets, self._batch_size)
            whole = (_Wish(self._rung, run, failed) for run in runs for failed in LANES)
            self._wishes = tuple(part for wish in whole for part in self._accepted_parts(wish))
            return
        # the wallets themselves first, then of each in turn one account: a limit cuts them off fairly
        accounts = [
            [
                _Wish(self._rung, (wallet,), account=account)
                for account in dict.fromkeys((wallet, *self._related.get(wallet, ())))
            ]
            for wallet in self._wallets
        ]
        wishes = tuple(wish for turn in zip_longest(*accounts) for wish in turn if wish is not None)
        if self._most_logs is None:
            self._wishes = wishes
            return
        # a stable order: what is worth little is cut off before what is worth more
        wishes = tuple(sorted(wishes, key=lambda wish: wish.account in self._minor))
        self._wishes = wishes[: self._most_logs]
        left_out = [(wish.wallets[0], wish.account) for wish in wishes[self._most_logs :]]
        self._questions += self._cut_off.news(left_out, self._minor)

    def _accepted_parts(self, wish: _Wish) -> list[_Wish]:
        """Return a wish, or its halves where it was refused whole, until what is refused stands alone."""
        if wish not in self._refused_wishes or len(wish.wallets) == 1:
            return [wish]
        middle = len(wish.wallets) // 2
        halves = (wish.wallets[:middle], wish.wallets[middle:])
        return [part for half in halves for part in self._accepted_parts(_Wish(wish.rung, half, wish.failed))]

    def _subscribe(self) -> None:
        if not self._open or self._throttle.resting:
            return
        taken = {*self._requests.values(), *self._active.values(), *self._refused_wishes}
        for wish in self._wishes:
            if wish not in taken:
                self._request(f"{wish.rung.value}Subscribe", wish, *wish.params())
        if self._rung is Rung.LOGS:
            for wallet in self._wallets:
                if wallet not in self._asked:
                    self._asked.add(wallet)
                    self._questions.append(TokenAccountsRequest(wallet))
        self._give_up_outdated()

    def _give_up_outdated(self) -> None:
        """Unsubscribe what is not wanted any more, once nothing that replaces it is under way."""
        wanted = set(self._wishes)
        if any(wish in wanted for wish in self._requests.values()):
            return
        for number in [number for number, wish in self._active.items() if wish not in wanted]:
            wish = self._active.pop(number)
            self._request(f"{wish.rung.value}Unsubscribe", None, number)

    def _request(self, method: str, wish: _Wish | None, *params: object) -> None:
        self._last_id += 1
        self._requests[self._last_id] = wish
        self._outgoing.append(encoded(request(self._last_id, method, list(params))))

    def _answered(self, message: Message) -> list[Report]:
        if not isinstance(message.id, int) or message.id not in self._requests:
            if message.error is not None:
                return [Notice(self._understand(message.error))]
            return [Malformed("an answer to nothing that was asked")]
        wish = self._requests.pop(message.id)
        reports: list[Report] = []
        if message.error is not None:
            reports = self._refused(message.error, wish)
            if any(isinstance(report, Refusal) and not report.topics for report in reports):
                return reports
        elif wish is not None:
            try:
                self._active[content(message.result, int)] = wish
            except Undecodable as error:
                # without its number, what comes for it cannot be told from what comes for nobody
                text = f"{self._title} acknowledged a subscription with something unreadable: {error}"
                return [Refusal(ProviderError(ErrorKind.PROTOCOL, text))]
            self._throttle.granted()
            self._subscribe()
            reports = self._replay()
        if not self._alive and not any(self._requests.values()) and (self._active or not self._wallets):
            # green only when what is wanted is subscribed, not when just the socket answers
            self._alive = True
            reports.insert(0, Alive())
        return reports

    def _refused(self, error: RpcError, wish: _Wish | None) -> list[Report]:
        refused = self._understand(error)
        if wish is None:
            return [Notice(refused)]
        if wish.rung is not self._rung:
            return []  # refused on a rung that has been left already
        if refused.kind is ErrorKind.PLAN and self._rung is Rung.TRANSACTIONS and self._stepped_down:
            self._rung = Rung.LOGS
            self._stepped_down()
            self._plan()
            self._subscribe()
            text = f"{refused.message}; following the logs of each wallet instead"
            return [Notice(ProviderError(ErrorKind.PLAN, text))]
        if refused.kind is ErrorKind.RATE_LIMIT:
            return self._throttle.denied(refused.message)
        # the same parameters would be refused again, on this connection at least; an error never heard of is
        # about what was asked as well where it names that, or where others have been granted
        named = any(address in error.text for address in (*wish.wallets, wish.account) if address)
        about_wish = error.code == INVALID_PARAMS or (
            refused.kind in ABOUT_A_WISH and (named or bool(self._active))
        )
        if about_wish:
            self._refused_wishes.add(wish)
            if len(wish.wallets) > 1:
                self._plan()
                self._subscribe()
                return []
            if not self._active and not any(self._requests.values()):
                return [Refusal(refused)]  # nothing is left that this connection could bring
            return [Refusal(refused, wish.wallets)]
        return [Refusal(refused)]

    def _notified(self, message: Message) -> list[Report]:
        params = message.params
        if params is None:
            return [Malformed("a notification without parameters")]
        match message.method:
            case "transactionNotification" | "logsNotification":
                return self._happened(params)
            case "slotNotification":
                return []
            case method:
                return [Malformed(f"an unknown notification {printable(method, limit=40)}")]

    def _happened(self, params: Params) -> list[Report]:
        wish = self._active.get(params.subscription)
        if wish is None:
            if any(self._requests.values()):
                # a gateway gives no promise that the acknowledgement comes first
                self._held.append(params)
            return []
        if wish.rung is Rung.TRANSACTIONS:
            told = content(params.result, Notification)
            return [report_transaction(told.transaction, told.signature, told.slot, wish.wallets)]
        hint = content(params.result, LogsNotification)
        signature = hint.value.signature
        if signature in self._hinted:
            return []
        self._hinted[signature] = None
        while len(self._hinted) > HINTED:
            del self._hinted[next(iter(self._hinted))]
        return [SignatureSeen(wish.wallets[0], signature, hint.context.slot)]

    def _replay(self) -> list[Report]:
        """Read again what came for subscriptions that were not acknowledged yet."""
        held, self._held = self._held, deque(maxlen=HELD_NOTIFICATIONS)
        reports: list[Report] = []
        for params in held:
            try:
                reports += self._happened(params)
            except Undecodable as error:
                reports.append(Malformed(str(error)))
        return reports
