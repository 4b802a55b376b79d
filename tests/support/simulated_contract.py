"""The contract of `provider_contract`, tried at the simulators."""

from __future__ import annotations

from collections.abc import Callable

from bench import WALLET, settings_for
from captured_sessions import as_capture
from message_shapes import shapes
from provider_contract import Meeting, meet
from realdata import realdata, realdata_names

from streamcore.clock import Clock, SystemClock
from streamsim import Emulators


async def meet_simulated(
    name: str,
    clock: Clock,
    *,
    prepare: Callable[[Emulators], None] = lambda emulators: None,
) -> Meeting:
    """Return what came of trying one provider's simulator.

    Args:
        name: Which one.
        clock: Time.
        prepare: Prepares the simulators before anybody asks them.
    """
    async with Emulators(seed=7, clock=clock, market_rate=2000.0, wallet_rate=5.0) as emulators:
        prepare(emulators)
        settings = settings_for(emulators, "all", "paid-key-of-a-test", "dev-key-of-a-test")
        return await meet(name, settings, clock, wallet=WALLET)


async def known_shapes(name: str) -> dict[str, set[str]]:
    """Return what the messages of one provider look like at its simulator, and in what was captured of it."""
    known = (await meet_simulated(name, SystemClock())).shapes
    for captured in realdata_names():
        if captured.startswith(f"{name}/ws_"):
            for kind, fields in shapes(as_capture(realdata(captured))).items():
                known.setdefault(kind, set()).update(fields)
    return known
