"""The Solana programs that are known by name, grouped by what they do.

Every address was found under its name in at least two public sources: the programs' own repositories and
IDLs, the program table of solana-foundation/explorer, the decoders of sevenlabs-hq/carbon, the tables of
helius-labs/xray and undefinedteam1/solana-dex-parser, or other programs that call them.
"""

from __future__ import annotations

SYSTEM = "11111111111111111111111111111111"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"  # noqa: S105 - an address, not a password
TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"  # noqa: S105
ASSOCIATED_TOKEN = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"  # noqa: S105
MEMO = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"
MEMO_V1 = "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"
COMPUTE_BUDGET = "ComputeBudget111111111111111111111111111111"
STAKE = "Stake11111111111111111111111111111111111111"
VOTE = "Vote111111111111111111111111111111111111111"

JUPITER = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"
JUPITER_V4 = "JUP4Fb2cqiRUcaTHdrPC8h2gNsA2ETXiPDD33WcGuJB"
JUPITER_DCA = "DCA265Vj8a9CEuX1eb1LWRnDT7uK6q1xMipnNyatn23M"
JUPITER_LIMIT = "jupoNjAxXgZ4rjzxzPMP4oxduvQsQtZzyknqvzYNrNu"
JUPITER_LIMIT_V2 = "j1o2qRpjcyUwEvwtcfhEQefh773ZgjxcVRry7LDqg5X"
JUPITER_EARN = "jup3YeL8QhtSx1e253b2FDvsMNC87fDrgQZivbrndc9"
JUPITER_BORROW = "jupr81YtYssSyPt8jbnGuiWon5f6x9TcDEFxYe3Bdzi"
JUPITER_PERPS = "PERPHjGBqRHArX4DySjwM6UJHiR3sWAatqfdBS2qQJu"
KAMINO_LIMIT = "LiMoM9rMhrdYrfzUCxQppvxCSG1FcrUK9G8uLq4A1GF"
RAYDIUM_AMM = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
RAYDIUM_CLMM = "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK"
RAYDIUM_CPMM = "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C"
RAYDIUM_LAUNCHLAB = "LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj"
ORCA = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
ORCA_V2 = "9W959DqEETiGZocYWCQPaJ6sBmUzgfxXfqGeTEdp3aQP"
ORCA_V1 = "DjVE6JNiYqPL2QXyCUUh8rNjHrbz9hXHNYt99MQ59qw1"
METEORA_DLMM = "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo"
METEORA_DAMM = "Eo7WjKq67rjJQSZxS6z3YkapzY3eMj6Xy8X5EQVn5UaB"
METEORA_DBC = "dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN"
OKX_DEX = "6m2CDdhRgxpH4WjvdzxAYbGxwdGUz5MziiL5jek2kBma"
METEORA_DAMM_V2 = "cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG"
PUMP_FUN = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"
PUMP_SWAP = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"
DRIFT = "dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH"
MARGINFI = "MFv2hWf31Z9kbCa1snEPYctwafyhdvnV7FZnsebVacA"
SOLEND = "So1endDq2YkqhipRh3WViPa8hdiSpxWy6z3Z6tMCpAo"
KAMINO_LEND = "KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD"
KAMINO_VAULT = "kvauTFR8qm1dhniz6pYuBZkuene3Hfrs1VQhVRgCNrr"
KAMINO_FARMS = "FarmsPZpWu9i7Kky8tPN37rs2TpmMrAZrC7S7vJa91Hr"
MARINADE = "MarBmsSgKXdrN1egZf5sqe1TMai9K1rChYNDJgjq7aD"
SANCTUM = "stkitrT1Uoy18Dk1fTrgPw8W6MVzoCfYoAFT4MLsmhq"
STAKE_POOL = "SPoo1Ku8WFXoNDMHPsrGSTSG1Y47rzgn41SLUNakuHy"
METAPLEX = "metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s"
BUBBLEGUM = "BGUMAp9Gq7iTEuizy4pqaxsTyUCBK68MDfK752saRPUY"
MPL_CORE = "CoREENxT6tW1HoK8ypY1SxRMZTcVPm7R94rH4PZNhX7d"
CANDY_MACHINE = "CndyV3LdqHUfDLmE5naZjVN8rBZz4tqhdefbAnjHG3JR"
CANDY_GUARD = "Guard1JwRhJkVH6XZhzoYxeBVQe872VH6QggF4BWmS9g"
CANDY_MACHINE_V2 = "cndy3Z4yapfJBmL3ShUp5exZKqR3z33thTzeNMm2gRZ"
TENSOR_SWAP = "TSWAPaqyCSx2KABk68Shruf4rp7CxcNi8hAsbdwmHbN"
TENSOR = "TCMPhJdwDryooaGtiocG1u3xcYbRpiJzb283XfCZsDp"
AUCTION_HOUSE = "hausS13jsjafwWwGqZTUQRmWyvyxn9EQpqMwV1PBBmk"
MAGIC_EDEN = "M2mx93ekt1fmXSVkTrUL9xVFHkmME8HTUi5Cyc5aF7K"
MAGIC_EDEN_V1 = "MEisE1HzehtrDpAAT8PnLHjpSSkRYakotTuJRPjTpo8"
WORMHOLE = "worm2ZoG2kUd4vFXhvjh93UUH596ayRfgQ2MgjNMTth"
WORMHOLE_TOKEN_BRIDGE = "wormDTUJ6AWPNvk59vGQbDvGJmqbDTdgWgAqcLBCgUb"  # noqa: S105

TOKEN_PROGRAMS = frozenset({TOKEN, TOKEN_2022})
"""The programs of tokens, wrapped SOL among them."""

MEMO_PROGRAMS = frozenset({MEMO, MEMO_V1})

_PLUMBING_NAMES = {
    SYSTEM: "System Program",
    TOKEN: "Token Program",
    TOKEN_2022: "Token-2022",
    MEMO: "Memo",
    MEMO_V1: "Memo",
    COMPUTE_BUDGET: "Compute Budget",
    ASSOCIATED_TOKEN: "Associated Token Account",
    "AddressLookupTab1e1111111111111111111111111": "Address Lookup Table",
    "L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95": "Lighthouse",
    "Ed25519SigVerify111111111111111111111111111": "Ed25519 Signature Check",
    "KeccakSecp256k11111111111111111111111111111": "Secp256k1 Signature Check",
    "Secp256r1SigVerify1111111111111111111111111": "Secp256r1 Signature Check",
    "noopb9bkMVfRPU8AsbpTUg8AQkHtKwMYZiFUjNRtMmV": "Noop",
}

PLUMBING = frozenset(_PLUMBING_NAMES)
"""Programs that nearly every transaction uses, so that they do not tell what one was about."""

_EXCHANGES = {
    JUPITER: "Jupiter",
    JUPITER_V4: "Jupiter v4",
    "JUP3c2Uh3WA4Ng34tw6kPd2G4C5BB21Xo36Je1s32Ph": "Jupiter v3",
    "JUP2jxvXaqu7NQY1GmNF4m1vodw12LVXYxbFL2uJvfo": "Jupiter v2",
    "61DFfeTKM7trxYcPQCM78bJ794ddZprZpAwAnLiwTpYH": "Jupiter RFQ",
    "routeUGWgWzqBWFcrCfv8tritsqukccJPu3q5GPP3xS": "Raydium Router",
    RAYDIUM_AMM: "Raydium AMM v4",
    RAYDIUM_CLMM: "Raydium CLMM",
    RAYDIUM_CPMM: "Raydium CPMM",
    "5quBtoiQqxF9Jv6KYKctB59NT3gtJD2Y65kdnB1Uev3h": "Raydium Stable Swap",
    RAYDIUM_LAUNCHLAB: "Raydium LaunchLab",
    ORCA: "Orca",
    ORCA_V2: "Orca v2",
    ORCA_V1: "Orca v1",
    METEORA_DLMM: "Meteora DLMM",
    METEORA_DAMM_V2: "Meteora DAMM v2",
    METEORA_DAMM: "Meteora DAMM",
    METEORA_DBC: "Meteora DBC",
    PUMP_FUN: "pump.fun",
    PUMP_SWAP: "PumpSwap",
    OKX_DEX: "OKX DEX",
    "proVF4pMXVaYqmy4NjniPh4pqKNfMmsihgd4wdkCX3u": "OKX DEX v2",
    "DF1ow4tspfHX9JwWJsAb9epbkA8hmpSEAtxXy1V27QBH": "DFlow",
    "BSfD6SHZigAfDWSjzD5Q41jw8LmKwtmjskPH9XW1mrRW": "Photon",
    "BANANAjs7FJiPQqJTGFzkZJndT9o7UmKiYYGaJz6frGu": "Banana Gun",
    "MaestroAAe9ge5HTc64VbBQZ6fP77pwvrhM8i1XWSAx": "Maestro",
    "b1oomGGqPKGD6errbyfbVMBuzSC8WtAAYo8MwNafWW1": "Bloom",
    "PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY": "Phoenix",
    "opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb": "OpenBook",
    "srmqPvymJeFKQ4zGQed1GFppgkRHL9kaELCbyksJtPX": "OpenBook v1",
    "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin": "Serum v3",
    "EUqojwWA2rd19FZrzeBncJsm38Jm1hEhE3zsmX3bRc2o": "Serum v2",
    "2wT8Yq49kHgDzXuPxZSaeLaH1qbmGXtEyPy64bL7aD3c": "Lifinity v2",
    "EewxydAPCCVuNEyrVN68PuSYdQ7wKn27V9Gjeoi8dy3S": "Lifinity",
    "MERLuDFBMmsHnsBPZw2sDQZHvXFMwp8EdjudcU2HKky": "Mercurial",
    "SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ": "Saber",
    "SSwapUtytfBdBn1b9NUGG6foMVPtcWgpRU32HToDUZr": "Saros",
    "AMM55ShdkoGRB5jVYPjWziwk8m5MpwyDgsMWHaMSQWH6": "Aldrin",
    "CURVGoZn8zycx6FXwwevgBTB2gVvdbGTEpvMJDbgs2t4": "Aldrin v2",
    "MoonCVVNZFSYkqNXP6bxHLPL6QQJiMagDL3qcqUQTrG": "Moonshot",
    "boop8hVGQGqehUK2iVEMEnMrL5RbjywRzHKBmBE7ry4": "Boop",
    "HEAVENoP2qxoeuF8Dj2oT1GHEnu49U5mJYkdeC8BAX2o": "Heaven",
    "swapNyd8XiQwJ6ianp9snpu4brUqFxadzvHebnAXjJZ": "Stabble",
    "swapFpHZwjELNnjvThjajtiVmkz3yPQEHjLtka2fwHW": "Stabble Weighted",
    "HpNfyc2Saw7RKkQd8nEL4khUcuPhQ7WwY1B2qjx8jxFq": "PancakeSwap",
    "FLUXubRmkEi2q6K3Y9kBPg9248ggaZVsoSFhtJHSrm1X": "FluxBeam",
    "SoLFiHG9TfgtdUXUjWAxi3LtvYuFyDLVhBWxdMZxyCe": "SolFi",
}
EXCHANGES = frozenset(_EXCHANGES)
"""Programs that trade tokens. The counterparty is a pool, which means nothing to a person."""

_ORDERS = {
    JUPITER_DCA: "Jupiter DCA",
    JUPITER_LIMIT: "Jupiter Limit Order",
    JUPITER_LIMIT_V2: "Jupiter Limit Order v2",
    KAMINO_LIMIT: "Kamino Limit Order",
}
ORDERS = frozenset(_ORDERS)
"""Programs of orders: they hold what is given until somebody fills the order or its maker cancels it."""

_LENDING = {
    JUPITER_EARN: "Jupiter Lend Earn",
    JUPITER_BORROW: "Jupiter Lend Borrow",
    KAMINO_LEND: "Kamino Lend",
    KAMINO_VAULT: "Kamino Vault",
    MARGINFI: "marginfi",
    SOLEND: "Solend",
    DRIFT: "Drift",
    "ZETAxsqBRek56DhiGXrn75yj2NHU3aYUnxvHXpkf3aD": "Zeta",
    JUPITER_PERPS: "Jupiter Perps",
}

_BRIDGES = {
    WORMHOLE: "Wormhole",
    WORMHOLE_TOKEN_BRIDGE: "Wormhole Token Bridge",
    "CCTPiPYPc6AsJuwueEnWgSgucamXDZwBd53dQ11YiKX3": "Circle CCTP",
    "CCTPmbSD7gX1bxKPAmg77w8oFzNFpaQiQUWD43TKaecd": "Circle CCTP",
    "CCTPV2Sm4AdWt5296sk4P66VBZ7bEhcARwFaaS9YPbeC": "Circle CCTP v2",
    "CCTPV2vPZJS2u2BBsUoscuikbYjnpFmbFsvVuJdgUMQe": "Circle CCTP v2",
    "DLv3NggMiSaef97YCkew5xKUHDh13tVGZ7tydt3ZeAru": "Across",
    # The first of these is listed as Mayan in places; its own IDL and four other sources say deBridge.
    "src5qyZHqTqecJV4aY6Cb6zDZLMDzrDKKezs22MPHr4": "deBridge",
    "dst5MGcFPoBeREFAA5E3tU5ij8m5uVYwkzkSAbsLbNo": "deBridge",
    "FC4eXxkyrMPTjiYUpp4EAnkmwMbQyZ6NDCh1kfLn6vsf": "Mayan",
    "BLZRi6frs4X4DNLw56V4EXai1b6QVESN1BhHBTYM9VcY": "Mayan Swift",
}
BRIDGES = frozenset(_BRIDGES)
"""Programs that move tokens to and from other chains."""

_STAKING = {
    STAKE: "Stake Program",
    MARINADE: "Marinade",
    SANCTUM: "Sanctum",
    STAKE_POOL: "Stake Pool",
    KAMINO_FARMS: "Kamino Farms",
}

_NFTS = {
    METAPLEX: "Metaplex",
    "p1exdMJcjVao65QdewkaZRUnU6VPSXhus9n2GzWfh98": "Metaplex Auction",
    "auctxRXPeJoc4817jDhf4HbjnhEcr1cCXenosMhK5R8": "Metaplex Auction",
    BUBBLEGUM: "Bubblegum",
    MPL_CORE: "Metaplex Core",
    CANDY_MACHINE: "Candy Machine",
    CANDY_GUARD: "Candy Machine",
    CANDY_MACHINE_V2: "Candy Machine v2",
    TENSOR_SWAP: "TensorSwap",
    TENSOR: "Tensor",
    AUCTION_HOUSE: "Auction House",
    MAGIC_EDEN: "Magic Eden",
    MAGIC_EDEN_V1: "Magic Eden",
    "mmm3XBJg5gk8XJxEKBvdgptZz6SgK4tXvn36sodowMc": "Magic Eden AMM",
    "CMZYPASGWeTz7RNGHaRJfCq2XQ5pYK6nDvVQxzkH51zb": "Magic Eden Launchpad",
    "CJsLwbP1iu5DuUikHEJnLfANgKy6stB2uFgvBBHoyxwz": "Solanart",
    "617jbWo616ggkDxvW1Le8pV38XLbVSyWY8ae6QUmGBAU": "Solsea",
    "HYPERfwdTjyJ2SCaKHmpF2MtrXqWxrsotYDsTrshHWq8": "Hyperspace",
    "SHARKobtfF1bHhxD2eqftjHBdVSCbKo9JtgK71FhELP": "SharkyFi",
}

_OTHERS = {
    VOTE: "Vote Program",
    "BPFLoaderUpgradeab1e11111111111111111111111": "BPF Loader",
    "BPFLoader2111111111111111111111111111111111": "BPF Loader 2",
    "LoaderV411111111111111111111111111111111111": "Loader v4",
    "Config1111111111111111111111111111111111111": "Config Program",
    "namesLPneVptA9Z5rqUDD9tMTWEJwofgaYwp8cawRkX": "Name Service",
    "SMPLecH534NA9acpos4G6x7uf3LWbCAwZQE9e8ZekMu": "Squads",
    "pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ": "Pump Fees",
}

NAMES = _PLUMBING_NAMES | _EXCHANGES | _ORDERS | _LENDING | _BRIDGES | _STAKING | _NFTS | _OTHERS
"""By address, the name of every program here."""
