"""The relay's wire, version 1: finished events between a relay and its terminals, in three encodings.

`messages` are what is said, `encodings` how it is written, `row_pieces` turns a relay's prices into the parts
of frames, and `mirror` turns frames back into events. Nothing here has I/O or a clock. The promise to other
programs is ``docs/relay-wire.md``.
"""
