"""A fake Solana node, and Helius' REST side that uses it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp

from streamcore.config.model import Settings
from streamcore.config.sources import HeliusSettings
from streamcore.errors import ProviderError
from streamcore.net.transport import Answer
from streamcore.providers.helius.provider import HeliusProvider
from streamcore.providers.reports import Checkpoint, Progress, Report, TransactionReport

KEY = "helius-key-123"
W = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
W2 = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"


class RpcError(Exception):
    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


class PaperNode:
    """A fake Solana node; ``happened`` has the signatures of each account, oldest first."""

    def __init__(self) -> None:
        self.happened: dict[str, list[dict[str, Any]]] = {}
        self.accounts: dict[str, list[str]] = {}
        self.not_yet: dict[str, int] = {}
        """How often `getTransaction` still answers ``None``, by signature."""
        refusal = RpcError(-32600, "getTransactionsForAddress is not available on the free plan")
        self.errors: dict[str, RpcError | ProviderError] = {"getTransactionsForAddress": refusal}
        """The errors of requests, by method or signature."""
        self.answers: dict[str, Any] = {}
        """Answers in place of a usual transaction, by signature."""
        self.block_time: int | None = None
        self.told: dict[str, Any] = {}
        """Addresses to what `getMultipleAccounts` says of them."""

    def happens(self, signature: str, slot: int, *accounts: str, **more: Any) -> None:
        for account in accounts:
            entries = self.happened.setdefault(account, [])
            entries.append({"signature": signature, "slot": slot, **more})

    def __call__(self, method: str, params: list[Any]) -> Any:
        if method in self.errors:
            raise self.errors[method]
        return getattr(self, method)(*params)

    def getTokenAccountsByOwner(self, owner: str, program: dict[str, str], _: Any) -> Any:  # noqa: N802
        owned = self.accounts.get(owner, []) if program["programId"].startswith("Tokenkeg") else []
        return {"context": {"slot": 1}, "value": [{"pubkey": address} for address in owned]}

    def getMultipleAccounts(self, addresses: list[str], options: dict[str, Any]) -> Any:  # noqa: N802
        assert options["encoding"] == "jsonParsed"
        return {"context": {"slot": 1}, "value": [self.told.get(address) for address in addresses]}

    def getSignaturesForAddress(self, address: str, options: dict[str, Any]) -> Any:  # noqa: N802
        assert options["commitment"] == "confirmed"
        assert "until" not in options
        entries = self.happened.get(address, [])[::-1]
        if "before" in options:
            position = next(n for n, e in enumerate(entries) if e["signature"] == options["before"])
            entries = entries[position + 1 :]
        return entries[: options["limit"]]

    def getTransactionsForAddress(self, address: str, options: dict[str, Any]) -> Any:  # noqa: N802
        assert options["filters"]["tokenAccounts"] == "balanceChanged"
        least = options["filters"].get("slot", {}).get("gte", 0)
        latest = options["filters"].get("blockTime", {}).get("lte", float("inf"))
        listed = {
            entry["signature"]: entry
            for account in (address, *self.accounts.get(address, ()))
            for entry in self.happened.get(account, [])
            if entry["slot"] >= least and entry.get("blockTime", 0) <= latest
        }
        data = sorted(listed.values(), key=lambda entry: entry["slot"])
        if options["sortOrder"] == "desc":
            data.reverse()
        if options["transactionDetails"] == "full":
            data = [
                {**entry, "transaction": {"signatures": [entry["signature"]], "message": {"accountKeys": []}}}
                for entry in data
            ]
        return {"data": data[: options["limit"]], "paginationToken": None}

    def getTransaction(self, signature: str, options: dict[str, Any]) -> Any:  # noqa: N802
        assert options["maxSupportedTransactionVersion"] == 1
        if signature in self.errors:
            raise self.errors[signature]
        if self.not_yet.get(signature, 0):
            self.not_yet[signature] -= 1
            return None
        if signature in self.answers:
            return self.answers[signature]
        transaction = {"signatures": [signature], "message": {"accountKeys": []}}
        return {"slot": 1, "blockTime": self.block_time, "transaction": transaction, "meta": None}


class NodeBench:
    """Helius' REST side with a fake node, or with answers that a test gives."""

    def __init__(self, reply: Callable[[Asked], Answer] | None = None) -> None:
        self.clock = ManualClock()
        self.node = PaperNode()
        self.progress: list[tuple[str, int]] = []
        """Wallet and slot of every `Progress`, which `fetch` leaves out of what it returns."""
        self.http = ScriptedHttp(reply or self._answer, self.clock.monotonic)
        settings = Settings(helius=HeliusSettings(api_key=KEY))
        self.provider = HeliusProvider(settings, self.http, self.clock)  # type: ignore[arg-type]

    def _answer(self, asked: Asked) -> Answer:
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": asked.json["id"]}
        try:
            message["result"] = self.node(asked.json["method"], asked.json["params"])
        except RpcError as error:
            message["error"] = {"code": error.code, "message": str(error)}
        return Answer(200, {}, json.dumps(message).encode())

    async def fetch(self, *wallets: str, within: float = 2000.0, **checkpoints: Checkpoint) -> list[Report]:
        named = {{"first": W, "second": W2}[name]: checkpoint for name, checkpoint in checkpoints.items()}
        reports: list[Report] = []

        async def collect() -> None:
            async for report in self.provider.rest.fetch(wallets or (W,), named):
                if isinstance(report, Progress):
                    self.progress.append((report.topic, report.slot))
                else:
                    reports.append(report)

        task = asyncio.create_task(collect())
        await self.clock.advance(within)
        await task
        return reports

    async def failure(self) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await self.fetch()
        return caught.value

    def called(self, method: str) -> list[list[Any]]:
        return [asked.json["params"] for asked in self.http.asked if asked.json["method"] == method]


def told(reports: list[Report]) -> list[str]:
    """Return the signatures of the transactions that were reported."""
    return [report.signature for report in reports if isinstance(report, TransactionReport)]
