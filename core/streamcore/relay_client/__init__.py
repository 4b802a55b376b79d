"""The engine that is fed by a relay: it talks to one server, which talks to the providers for many terminals.

`client` is the engine, `codec` and `source` are what a `Connection` needs to speak with a relay, `rows` what
this terminal wants of it, `statuses` how the providers are as far as the relay tells, `lookups` what is asked
and answered once.
"""
