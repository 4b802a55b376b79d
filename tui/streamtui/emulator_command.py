"""``streamtui emulator``: the providers' emulators, for other programs and for trying things out."""

from __future__ import annotations

import asyncio

import typer

from streamcore.demo import DEMO_KEY
from streamcore.emulator import Emulators
from streamtui.interruption import Deadline, until_stopped


def run(
    *,
    birdeye_port: int = 0,
    helius_port: int = 0,
    seed: int | None = None,
    market_rate: float | None = None,
    wallet_rate: float | None = None,
) -> None:
    """Print where the emulators are, and serve until interrupted. What is ``None`` is up to them.

    Args:
        birdeye_port: Of the WebSocket on the loopback interface, REST is one above; 0 takes free ones.
        helius_port: The same for Helius.
        seed: Equal seeds make equal markets.
        market_rate: Price moves a second.
        wallet_rate: Transactions a second and wallet.

    Raises:
        OSError: A port cannot be used.
    """
    given = {"seed": seed, "market_rate": market_rate, "wallet_rate": wallet_rate}
    wanted = {name: value for name, value in given.items() if value is not None}
    emulators = Emulators(birdeye_port=birdeye_port, helius_port=helius_port, **wanted)  # type: ignore[arg-type]
    with Deadline() as deadline:
        asyncio.run(until_stopped(_serve(emulators), stopping=deadline.start))


async def _serve(emulators: Emulators) -> None:
    async with emulators:
        typer.echo(directions(emulators))
        await asyncio.Event().wait()


def directions(emulators: Emulators) -> str:
    """Return where running emulators are, and a line that leads a shell's next ``streamtui`` there."""
    birdeye, helius = emulators.birdeye, emulators.helius
    variables = {
        "BIRDEYE_API_KEY": DEMO_KEY,
        "STREAMTUI_BIRDEYE_WS_URL": birdeye.ws_url,
        "STREAMTUI_BIRDEYE_REST_URL": birdeye.rest_url,
        "HELIUS_API_KEY": DEMO_KEY,
        "STREAMTUI_HELIUS_WS_URL": helius.ws_url,
        "STREAMTUI_HELIUS_RPC_URL": helius.rpc_url,
    }
    return "\n".join(
        [
            f"Birdeye  {birdeye.ws_url}  {birdeye.rest_url}",
            f"Helius   {helius.ws_url}  {helius.rpc_url}",
            "",
            f"export {' '.join(f'{name}={value}' for name, value in variables.items())}",
            "",
            "Ctrl+C ends them.",
        ]
    )
