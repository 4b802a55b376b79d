"""Several relays on several machines that share one engine over NATS.

One of them leads: it runs the engine and tells the others what that says. `member` keeps one relay's session
with NATS, `candidacy` stands for lead, `leader` is what it does then, `shared_engine` and `log_copy` are what
every relay is fed by, and `service` puts them together from settings. Only the modules whose names begin with
``nats_`` know the library. The design is in ``docs/relays-on-nats.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamcore.lazy import lazily

if TYPE_CHECKING:
    from streamcore.cluster.service import check_access, serving_together

__all__ = ["check_access", "serving_together"]

__getattr__ = lazily(__name__, {"streamcore.cluster.service": ("check_access", "serving_together")})
