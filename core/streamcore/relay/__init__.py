"""A relay: one engine, and many terminals that are told what it says over the wire of `streamcore.wire`.

`server` is the relay itself; `log` keeps the transactions, `upstream` what all terminals want together,
`groups` writes each change once for all of them, and `tokens` says who may connect.
"""
