"""Names of wallets on the emulated chain, as the Solana Name Service has them: without their suffix."""

from __future__ import annotations

NAMES = {
    "demo": "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T",
    "alice": "BCKEcsgdKvUvzBJ38mf5J2t6umd5wV4t5uqtmJK3dRDR",
    "bob": "HD5ReG9nNcCiCWwJS4mPcWqf1x3pNx9UDvLKS7HaBHPD",
    "whale": "9UG1Y9S1gW6ZK56n9JiDpMivKVBfi5y7kKD9Nmvf4jKE",
    "treasury": "HFa3WRagdmdzvcLR3XRp21MALz14H6Fwg9ev6uUZTg1j",
    "toly": "BzpRaHnH7ka2LBBNQLBknhH4DoMTWH6MrrdfkneSws7K",
    "tips.alice": "CCkiKq8gFy5YorcFKqawgYL3LQFTUgzbpSZvJjd4dQLS",
}
"""The names that are registered at the start, and their owners, which are addresses of wallets."""
