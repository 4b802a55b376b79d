"""What the codec of every Solana node does; what is Helius' own is tested there."""

from __future__ import annotations

import json
from typing import Any

from streamcore.providers.reports import Report, TokenAccounts, TokenAccountsRequest
from streamcore.providers.solana_rpc.codec import SolanaCodec
from streamcore.providers.solana_rpc.provider import meaning_of_error
from streamcore.providers.solana_rpc.rung import Rung

W = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
W2 = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"


class Wire:
    """A codec that follows logs, and a node that grants whatever it asks for."""

    def __init__(self, *wallets: str) -> None:
        self.codec = SolanaCodec(100, title="the node", rung=Rung.LOGS, understand=meaning_of_error)
        self.codec.opened()
        self.subscribed: list[str] = []
        """The accounts whose logs were asked for, in order."""
        self.reports: list[Report] = []
        self.want(*wallets)

    def want(self, *wallets: str) -> None:
        self.codec.set_topics(wallets)
        self.exchange()

    def exchange(self) -> None:
        while frames := self.codec.frames_to_send():
            for frame in frames:
                request: dict[str, Any] = json.loads(frame)
                if request["method"] == "logsSubscribe":
                    self.subscribed += request["params"][0]["mentions"]
                answer = {"jsonrpc": "2.0", "id": request["id"], "result": request["id"] + 1000}
                self.reports += self.codec.received(json.dumps(answer))

    def asked_for_accounts(self) -> list[str]:
        return [report.topic for report in self.reports if isinstance(report, TokenAccountsRequest)]


def test_the_accounts_of_each_wallet_are_asked_for_once() -> None:
    wire = Wire(W)
    wire.want(W, W2)
    wire.want(W2, W)
    assert wire.asked_for_accounts() == [W, W2]


def test_a_wallet_removed_and_watched_again_is_asked_for_its_accounts_again() -> None:
    """Fault 10: token accounts opened meanwhile were missed for as long as the connection lived."""
    wire = Wire(W, W2)
    wire.codec.resolved(TokenAccounts(W, (W, "old")))
    wire.exchange()
    wire.want(W2)
    wire.subscribed.clear()
    wire.want(W2, W)
    assert wire.asked_for_accounts() == [W, W2, W]
    assert wire.subscribed == [W]  # not what belonged to it before: it may have been closed
    wire.codec.resolved(TokenAccounts(W, (W, "opened meanwhile")))
    wire.exchange()
    assert wire.subscribed == [W, "opened meanwhile"]
