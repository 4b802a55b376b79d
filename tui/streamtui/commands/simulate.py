"""``streamtui emulator``: serves the emulated providers, for other programs and for trying things out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack

from streamcore import SettingsError, SystemClock
from streamcore.config import setting_keys
from streamsim import Emulators, Faults, Proxy
from streamsim.demo import DEMO_KEY
from streamsim.servers.schedule import (
    FORM,
    POLLED,
    PROVIDERS,
    PROXIED,
    BadFault,
    Planned,
    carry_out,
    listing,
    plan,
)
from streamtui.commands.shutdown import Deadline, until_stopped


def run(
    *,
    ports: Mapping[str, int],
    seed: int | None = None,
    market_rate: float | None = None,
    wallet_rate: float | None = None,
    faults: Sequence[Planned] = (),
) -> None:
    """Print where the emulators are, and serve until interrupted. ``None`` leaves their own default.

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
    first, *_, last = PROVIDERS
    print(f"--fault {FORM}, as in --fault {first}:stall@10+30 or --fault {last}:drop@connect*2\n")
    print(listing())
    print(f"\n{', '.join(POLLED)} can have those of HTTP requests, where they are named.")


async def _serve(emulators: Emulators, plans: Sequence[Planned], ports: Mapping[str, int] | None) -> None:
    """Serve until cancelled. ``ports``: where proxies listen; ``None``: there are none."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(emulators)
        found = places(emulators)
        network = {name: Faults() for name in PROXIED}
        for name, wanted in [] if ports is None else [(name, ports[name]) for name in PROXIED]:
            server = getattr(emulators, name)
            behind = zip(list(found[name]), (server.ws_port, server.http_port), strict=True)
            for position, (variable, port) in enumerate(behind):
                proxy = Proxy(port, clock, network[name])
                proxy.start(wanted and wanted + position)
                stack.push_async_callback(proxy.close)
                found[name][variable] = proxy.url(found[name][variable])
        print(directions(found))
        print("Ctrl+C ends them.")
        servers = {name: getattr(emulators, name) for name in (*PROVIDERS, *POLLED)}
        await carry_out(plans, servers, network, clock)
        await asyncio.Event().wait()


def places(emulators: Emulators) -> dict[str, dict[str, str]]:
    """Return the URLs of each provider's emulator, by the environment variable that sets them.

    The URL of the stream comes first.
    """
    found: dict[str, dict[str, str]] = {}
    for key in setting_keys().values():
        # only URLs have schemes, and not every section is about a provider
        if key.schemes and (server := getattr(emulators, key.section, None)) is not None:
            url = getattr(server, key.name.rpartition(".")[2])
            found.setdefault(key.section, {})[key.variable] = url
    return found


def directions(found: Mapping[str, Mapping[str, str]]) -> str:
    """Return the URLs of running emulators, and the ``export`` commands that connect ``streamtui`` to them.

    One command for all providers, one for those without a key. The second is part of the first, because
    charts, searches and names come from some of those without a key, whoever serves the prices.

    Args:
        found: What `places` returned.
    """
    keys = {
        key.section: key.variables[0]
        for key in setting_keys().values()
        if key.secret and key.section in found
    }
    width = max(map(len, found))
    urls = [f"{name.capitalize():<{width}}  {'  '.join(found[name].values())}" for name in found]
    with_keys = [({variable: DEMO_KEY} | dict(found[name])) for name, variable in keys.items()]
    without = [found[name] for name in found if name not in keys]
    every = _export([*with_keys, *without])
    return "\n".join([*urls, "", "With keys:", "", every, "", "Without keys:", "", _export(without), ""])


def _export(variables: Iterable[Mapping[str, str]]) -> str:
    return " ".join(["export", *(f"{name}={value}" for some in variables for name, value in some.items())])
