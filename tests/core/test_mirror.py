"""Tests mirror the engine: who looks for the test of a module finds it where its name says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import streamcore

ENGINE = Path(streamcore.__file__).parent
TESTS = Path(__file__).parent

ELSEWHERE = {
    # below the transport: how it gets through
    "net/tunnel.py": "net/test_proxies.py",
    # over every WebSocket library
    "net/open_socket.py": "net/test_websocket.py",
    "net/picows_socket.py": "net/test_websocket_frames.py",
    "net/picows_inbox.py": "net/test_websocket_frames.py",
    # parts of the interpretation, which has a meaning only as a whole
    "solana/amounts.py": "solana/test_interpretation.py",
    "solana/flows.py": "solana/test_interpretation.py",
    "solana/main_program.py": "solana/test_programs.py",
    "solana/mints.py": "solana/test_actions.py",
    "solana/opened_and_closed.py": "solana/test_interpretation.py",
    "solana/sentences.py": "solana/test_interpretation.py",
    "solana/verbs.py": "solana/test_actions.py",
    "solana/wire.py": "solana/test_hostile_transactions.py",
    "providers/solana_rpc/notifications.py": "providers/helius/test_codec.py",
    "providers/helius/error_meanings.py": "providers/helius/test_provider.py",
    "providers/solana_rpc/transactions.py": "solana/test_hostile_transactions.py",
    # what the doctor does with each provider
    "streams/examination.py": "test_doctor.py",
    # what two exchanges have in common
    "providers/exchange_provider.py": "providers/kraken/test_provider.py",
    # what the history of wallets is asked about
    "providers/solana_rpc/wallet_accounts.py": "providers/solana_rpc/test_history.py",
    # what codecs and HTTP sides report
    "providers/reports.py": "providers/test_base.py",
    "providers/market_directory.py": "providers/test_markets.py",
    "config/secret_check.py": "config/test_wallet_secrets_refused.py",
    "config/screen.py": "config/test_values.py",
    # pools as two sources list them
    "providers/pools.py": "providers/dexscreener/test_pools.py",
    # what the past of prices is made of
    "history/asked_source.py": "history/test_price_history.py",
    "history/series_cache.py": "history/test_price_history.py",
    "history/shared_requests.py": "history/test_price_history.py",
    # the part of the backfill that makes one fetch
    "streams/fetching.py": "streams/test_backfill.py",
    # both sides of the relay's wire, and what all of its encodings have in common
    "wire/encoding.py": "wire/test_encodings.py",
    "wire/json_text.py": "wire/test_encodings.py",
    "wire/messagepack.py": "wire/test_encodings.py",
    "wire/row_pieces.py": "wire/test_mirror.py",
    "wire/transactions.py": "wire/test_mirror.py",
    # the parts of a relay that only work together
    "relay/fan_out.py": "relay/test_server.py",
    "relay/database_file.py": "relay/test_sqlite_log.py",
    "relay/groups.py": "relay/test_server.py",
    "relay/requests.py": "relay/test_server.py",
    "relay/status_board.py": "relay/test_server.py",
    "relay/terminal.py": "relay/test_slow_terminals.py",
    "relay/measures.py": "relay/test_metrics.py",
    "relay/upstream.py": "relay/test_server.py",
    "relay/gate.py": "relay/test_security.py",
    "relay/limits.py": "relay/test_security.py",
    # what a relay needs of a bus and of a log, which its tests have one of each of
    "relay/bus.py": "relay/test_server.py",
    "relay/answers.py": "relay/test_lookups.py",
    "relay/log.py": "relay/test_own_log.py",
    "relay/log_in_tables.py": "relay/test_own_log.py",
    "relay/housekeeping.py": "relay/test_server.py",
    "relay/connections.py": "relay/test_security.py",
    "relay/pings.py": "relay/test_security.py",
    # over a real server, what a session and a member of a cluster are made of
    "cluster/nats_connection.py": "cluster/test_nats_session.py",
    "cluster/errors.py": "cluster/test_nats_session.py",
    "cluster/answering.py": "cluster/test_leader.py",
    "cluster/candidacy.py": "cluster/test_member.py",
    "cluster/followed_wallets.py": "cluster/test_leader.py",
    "cluster/copied_transactions.py": "cluster/test_log_copy.py",
    # the parts of the client of a relay that only work together
    "relay_client/feed.py": "relay_client/test_client.py",
    # what only captured sessions can show to be right
    "providers/kraken/announcements.py": "providers/kraken/test_captured.py",
    # one request, which is made for prices and for candles
    "providers/kraken/public_api.py": "providers/kraken/test_provider.py",
    "providers/kraken/listing.py": "providers/kraken/test_captured.py",
    "providers/coinbase/listing.py": "providers/test_markets.py",
}
"""Modules without a test of their name, and where they are tested."""


def modules() -> list[str]:
    """Every module of the engine that does something: one that only names things needs no test."""
    found = []
    for path in sorted(ENGINE.rglob("*.py")):
        if path.name == "__init__.py":
            continue  # the names of a package; test_public_names.py and test_provider_names.py use them
        code = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in code):
            found.append(path.relative_to(ENGINE).as_posix())
    return found


def named_after(module: str) -> str:
    path = Path(module)
    return (path.parent / f"test_{path.name}").as_posix()


@pytest.mark.parametrize("module", modules())
def test_every_module_has_a_test_of_its_name(module: str) -> None:
    assert (TESTS / ELSEWHERE.get(module, named_after(module))).exists()


def test_no_module_is_said_to_be_tested_elsewhere_that_has_a_test_of_its_own() -> None:
    assert set(ELSEWHERE) <= set(modules())
    assert [module for module in ELSEWHERE if (TESTS / named_after(module)).exists()] == []
