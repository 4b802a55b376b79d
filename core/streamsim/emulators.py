"""The whole simulator: a market, a chain, and the emulated providers that serve data about them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from decimal import Decimal
from types import TracebackType
from typing import Self

from streamcore.clock import Clock, SystemClock
from streamsim.birdeye.server import BirdeyeServer
from streamsim.coinbase.server import CoinbaseServer
from streamsim.defillama.server import DefiLlamaServer
from streamsim.dexscreener.server import DexScreenerServer
from streamsim.geckoterminal.server import GeckoTerminalServer
from streamsim.helius.server import HeliusServer
from streamsim.jupiter.server import JupiterServer
from streamsim.kraken.server import KrakenServer
from streamsim.sns.server import SnsServer
from streamsim.solana_rpc.server import SolanaServer
from streamsim.world.activity import MarketActivity, WalletActivity
from streamsim.world.catalog import listing_of
from streamsim.world.market import Market
from streamsim.world.wallets import WalletChain


class Emulators:
    """Emulated providers on loopback that all serve the same market and the same chain.

    Use it as an asynchronous context manager: the servers listen inside the block only.

    Args:
        seed: Equal seeds give equal markets and wallets.
        clock: Time; ``None`` is the real one.
        birdeye_port: Port of Birdeye's WebSocket, its REST API one above; 0 takes free ones.
        helius_port: The same for Helius.
        kraken_port: The same for Kraken.
        coinbase_port: The same for Coinbase.
        solana_port: The same for the public Solana node.
        jupiter_port: Port of Jupiter's REST API; 0 takes a free one.
        dexscreener_port: The same for DexScreener.
        geckoterminal_port: The same for GeckoTerminal.
        defillama_port: The same for DefiLlama.
        sns_port: The same for the proxy of the Solana Name Service.
        market_rate: Price moves per second, over all tokens that were asked for; 0: none by itself.
        wallet_rate: Transactions per second and wallet, on average; 0: none by itself.
        keep_transactions: How many transactions the chain keeps; the oldest are dropped.
        chain_seed: For transactions that no earlier run had, in later slots; ``None``: they are by ``seed``,
            and the slots of every run are the same.
    """

    def __init__(
        self,
        seed: int = 7,
        clock: Clock | None = None,
        *,
        birdeye_port: int = 0,
        helius_port: int = 0,
        kraken_port: int = 0,
        coinbase_port: int = 0,
        solana_port: int = 0,
        jupiter_port: int = 0,
        dexscreener_port: int = 0,
        geckoterminal_port: int = 0,
        defillama_port: int = 0,
        sns_port: int = 0,
        market_rate: float = 4.0,
        wallet_rate: float = 0.5,
        keep_transactions: int = 20_000,
        chain_seed: int | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.market = Market(self.clock, seed)
        wallet_seed = seed if chain_seed is None else chain_seed
        self.chain = WalletChain(self.clock, wallet_seed, self._price, keep=keep_transactions)
        if chain_seed is not None:
            self.chain.date_slots()
        self._ports = {
            "birdeye": birdeye_port,
            "helius": helius_port,
            "kraken": kraken_port,
            "coinbase": coinbase_port,
            "solana": solana_port,
            "jupiter": jupiter_port,
            "dexscreener": dexscreener_port,
            "geckoterminal": geckoterminal_port,
            "defillama": defillama_port,
            "sns": sns_port,
        }
        self._market_activity = MarketActivity(self.market, self.clock, market_rate, seed)
        self._wallet_activity = WalletActivity(self.chain, self.clock, wallet_rate, wallet_seed)
        self._stack = AsyncExitStack()
        self.birdeye = BirdeyeServer(self.clock, self.market, self._market_activity.watch)
        """The emulated Birdeye; it has URLs inside the block."""
        self.helius = HeliusServer(self.clock, self.chain, self._watch_wallets, seed)
        """The emulated Helius; it has URLs inside the block."""
        self.kraken = KrakenServer(self.clock, self.market, self._market_activity.watch)
        """The emulated Kraken; it has URLs inside the block."""
        self.coinbase = CoinbaseServer(self.clock, self.market, self._market_activity.watch)
        """The emulated Coinbase Exchange; it has URLs inside the block."""
        self.solana = SolanaServer(self.clock, self.chain, self._watch_wallets, seed)
        """The emulated public Solana node; it has URLs inside the block."""
        self.jupiter = JupiterServer(self.clock, self.market, self._market_activity.watch)
        """The emulated Jupiter; it has a URL inside the block."""
        self.dexscreener = DexScreenerServer(self.clock, self.market, self._market_activity.watch)
        """The emulated DexScreener; it has a URL inside the block."""
        self.geckoterminal = GeckoTerminalServer(self.clock, self.market, self._market_activity.watch)
        """The emulated GeckoTerminal; it has a URL inside the block."""
        self.defillama = DefiLlamaServer(self.clock, self.market, self._market_activity.watch)
        """The emulated DefiLlama; it has a URL inside the block."""
        self.sns = SnsServer(self.clock)
        """The emulated proxy of the Solana Name Service; it has a URL inside the block."""

    async def __aenter__(self) -> Self:
        """Start listening.

        Raises:
            OSError: A port cannot be used; the message is a sentence that names it. Nothing is left open.
        """
        async with AsyncExitStack() as stack:
            exchanges = (self.kraken, self.coinbase)
            keyless = (self.solana, self.jupiter, self.dexscreener)
            asked = (self.geckoterminal, self.defillama, self.sns)
            for server in (self.birdeye, self.helius, *exchanges, *keyless, *asked):
                stack.push_async_callback(server.close)  # also of one that is only half started
                await server.start(self._ports[server.name.lower()])
            stack.push_async_callback(self._market_activity.close)
            stack.push_async_callback(self._wallet_activity.close)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything: clients get a close frame with code 1001."""
        await self._stack.aclose()

    def _watch_wallets(self, addresses: list[str]) -> None:
        for address in addresses:
            self.chain.know(address)
        self._wallet_activity.watch([address for address in addresses if self.chain.is_wallet(address)])

    def _price(self, mint: str) -> Decimal:
        truth = self.market.truth(mint)
        return listing_of(mint).price if truth is None else truth.price
