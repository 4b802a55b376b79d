"""``streamtui emulator``: the providers' emulators, for other programs and for trying things out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack

from streamcore import SettingsError, SystemClock
from streamsim import Emulators, Faults, Proxy
from streamsim.demo import DEMO_KEY
from streamsim.servers.schedule import FORM, PROVIDERS, PROXIED, BadFault, Planned, carry_out, listing, plan
from streamtui.commands.shutdown import Deadline, until_stopped


def run(
    *,
    ports: Mapping[str, int],
    seed: int | None = None,
    market_rate: float | None = None,
    wallet_rate: float | None = None,
    faults: Sequence[Planned] = (),
) -> None:
    """Print where the emulators are, and serve until interrupted. What is ``None`` is up to them.

    Args:
        ports: Provider to the port of its WebSocket on the loopback interface, HTTP is one above, or of HTTP
            where it has no stream; 0 takes free ones.
        seed: Equal seeds make equal markets.
        market_rate: Price moves a second.
        wallet_rate: Transactions a second and wallet.
        faults: What goes wrong, and when. Faults of the network put a proxy before every port.

    Raises:
        OSError: A port cannot be used.
    """
    proxied = any(planned.needs_proxy for planned in faults)
    given = {"seed": seed, "market_rate": market_rate, "wallet_rate": wallet_rate}
    wanted = {name: value for name, value in given.items() if value is not None}
    # behind proxies the emulators take free ports, and the proxies those that were asked for
    own = {f"{name}_port": 0 if proxied and name in PROXIED else port for name, port in ports.items()}
    emulators = Emulators(**own, **wanted)  # type: ignore[arg-type]
    with Deadline() as deadline:
        work = _serve(emulators, faults, ports if proxied else None)
        asyncio.run(until_stopped(work, stopping=deadline.start))


def planned_faults(texts: Iterable[str]) -> list[Planned]:
    """Read what ``--fault`` was given.

    Raises:
        SettingsError: One of them cannot be planned; it says what there is.
    """
    plans = []
    for text in texts:
        try:
            plans.append(plan(text))
        except BadFault as error:
            raise SettingsError("fault", text, str(error), "option --fault") from error
    return plans


def list_faults() -> None:
    """Print every fault there is, and how one is planned."""
    print(f"--fault {FORM}, as in --fault birdeye:stall@10+30 or --fault kraken:drop@connect*2\n")
    print(listing())


async def _serve(emulators: Emulators, plans: Sequence[Planned], ports: Mapping[str, int] | None) -> None:
    """Serve until cancelled. ``ports``: where proxies listen; ``None``: there are none."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(emulators)
        birdeye, helius = emulators.birdeye, emulators.helius
        urls = [birdeye.ws_url, birdeye.rest_url, helius.ws_url, helius.rpc_url]
        network = {"birdeye": Faults(), "helius": Faults()}
        if ports is not None:
            behind = [birdeye.ws_port, birdeye.http_port, helius.ws_port, helius.http_port]
            for position, name in enumerate(("birdeye", "birdeye", "helius", "helius")):
                proxy = Proxy(behind[position], clock, network[name])
                proxy.start(ports[name] and ports[name] + position % 2)
                stack.push_async_callback(proxy.close)
                urls[position] = proxy.url(urls[position])
        print(directions(*urls))
        print(directions_without_keys(emulators))
        print("Ctrl+C ends them.")
        servers = {name: getattr(emulators, name) for name in PROVIDERS}
        await carry_out(plans, servers, network, clock)
        await asyncio.Event().wait()


def directions(birdeye_ws: str, birdeye_rest: str, helius_ws: str, helius_rpc: str) -> str:
    """Return where running emulators are, and a line that leads a shell's next ``streamtui`` there."""
    variables = {
        "BIRDEYE_API_KEY": DEMO_KEY,
        "STREAMTUI_BIRDEYE_WS_URL": birdeye_ws,
        "STREAMTUI_BIRDEYE_REST_URL": birdeye_rest,
        "HELIUS_API_KEY": DEMO_KEY,
        "STREAMTUI_HELIUS_WS_URL": helius_ws,
        "STREAMTUI_HELIUS_RPC_URL": helius_rpc,
    }
    return "\n".join(
        [
            f"Birdeye  {birdeye_ws}  {birdeye_rest}",
            f"Helius   {helius_ws}  {helius_rpc}",
            "",
            f"export {' '.join(f'{name}={value}' for name, value in variables.items())}",
            "",
        ]
    )


def directions_without_keys(emulators: Emulators) -> str:
    """Return a line that leads a shell's next ``streamtui`` without keys to the emulated public sources."""
    variables = {
        "KRAKEN_WS_URL": emulators.kraken.ws_url,
        "KRAKEN_REST_URL": emulators.kraken.rest_url,
        "COINBASE_WS_URL": emulators.coinbase.ws_url,
        "COINBASE_REST_URL": emulators.coinbase.rest_url,
        "JUPITER_REST_URL": emulators.jupiter.rest_url,
        "DEXSCREENER_REST_URL": emulators.dexscreener.rest_url,
        "SOLANA_WS_URL": emulators.solana.ws_url,
        "SOLANA_RPC_URL": emulators.solana.rpc_url,
    }
    line = " ".join(f"STREAMTUI_{name}={value}" for name, value in variables.items())
    return f"Or without keys:\n\nexport {line}\n"
