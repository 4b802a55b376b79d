"""The verb of each instruction that has one, by program.

Programs made with the Anchor framework begin an instruction's data with eight bytes of the SHA-256 of its
name, so the name is enough to recognise it. Other programs number theirs. Sources, by program: the IDL in
jup-ag/jupiter-lend, marinade-finance/marinade-ts-sdk, tensor-hq/tensorswap-sdk, Kamino-Finance/klend,
mrgnlabs/marginfi-v2; the decoders of sevenlabs-hq/carbon for Jupiter DCA, both limit orders, Kamino's
limit orders, vaults and farms, Drift, Bubblegum, Metaplex Core; the IDL of the stake pool program in
solana-fm/explorer-kit; ``token-lending/program/src/instruction.rs`` of solana-program-library for Solend;
``solana/bridge/program/src/lib.rs`` and ``solana/modules/token_bridge/program/src/lib.rs`` of
wormhole-foundation/wormhole.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

from streamcore.solana.programs import (
    AUCTION_HOUSE,
    BUBBLEGUM,
    CANDY_GUARD,
    CANDY_MACHINE,
    CANDY_MACHINE_V2,
    DRIFT,
    JUPITER_BORROW,
    JUPITER_DCA,
    JUPITER_EARN,
    JUPITER_LIMIT,
    JUPITER_LIMIT_V2,
    KAMINO_FARMS,
    KAMINO_LEND,
    KAMINO_LIMIT,
    KAMINO_VAULT,
    MAGIC_EDEN,
    MARGINFI,
    MARINADE,
    MPL_CORE,
    SOLEND,
    STAKE_POOL,
    TENSOR,
    TENSOR_SWAP,
    WORMHOLE,
)


class Verb(StrEnum):
    """What a transaction did, where a program is known for one thing; the ``action`` of an event."""

    STAKE = "stake"
    UNSTAKE = "unstake"
    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"
    BORROW = "borrow"
    REPAY = "repay"
    BRIDGE = "bridge"
    ORDER_PLACED = "order placed"
    ORDER_FILLED = "order filled"
    ORDER_CANCELLED = "order cancelled"
    MINT = "mint"
    BURN = "burn"
    LIST = "list"
    DELIST = "delist"
    CLAIM = "claim"


LISTINGS = frozenset({Verb.LIST, Verb.DELIST})
"""What is done with an NFT alone: SOL beside it is something else."""

CONCERNS_OTHERS = frozenset(
    {
        Verb.UNSTAKE,
        Verb.WITHDRAW,
        Verb.BRIDGE,
        Verb.ORDER_FILLED,
        Verb.ORDER_CANCELLED,
        Verb.MINT,
        Verb.BURN,
        Verb.CLAIM,
    }
)
"""What may be done for somebody who did not sign, who of the rest has only a share of the fees."""


def discriminator(name: str) -> bytes:
    """Return the first eight bytes of the data of an Anchor program's instruction ``name``."""
    return hashlib.sha256(f"global:{name}".encode()).digest()[:8]


_NAMED: dict[str, dict[Verb, tuple[str, ...]]] = {
    JUPITER_DCA: {
        Verb.ORDER_PLACED: ("open_dca", "open_dca_v2", "deposit"),
        Verb.ORDER_FILLED: (
            "initiate_flash_fill",
            "fulfill_flash_fill",
            "initiate_dlmm_fill",
            "fulfill_dlmm_fill",
            "transfer",
            "end_and_close",
        ),
        Verb.ORDER_CANCELLED: ("close_dca",),
        Verb.WITHDRAW: ("withdraw",),
    },
    JUPITER_LIMIT: {
        Verb.ORDER_PLACED: ("initialize_order",),
        Verb.ORDER_FILLED: ("fill_order", "pre_flash_fill_order", "flash_fill_order"),
        Verb.ORDER_CANCELLED: ("cancel_order", "cancel_expired_order"),
    },
    JUPITER_LIMIT_V2: {
        Verb.ORDER_PLACED: ("initialize_order",),
        Verb.ORDER_FILLED: ("pre_flash_fill_order", "flash_fill_order"),
        Verb.ORDER_CANCELLED: ("cancel_order",),
    },
    KAMINO_LIMIT: {
        Verb.ORDER_PLACED: ("create_order",),
        Verb.ORDER_FILLED: ("take_order", "flash_take_order_start", "flash_take_order_end"),
        Verb.ORDER_CANCELLED: ("close_order_and_claim_tip",),
    },
    JUPITER_EARN: {
        Verb.DEPOSIT: ("deposit", "deposit_with_min_amount_out", "mint", "mint_with_max_assets"),
        Verb.WITHDRAW: (
            "withdraw",
            "withdraw_with_max_shares_burn",
            "redeem",
            "redeem_with_min_amount_out",
        ),
    },
    KAMINO_VAULT: {
        Verb.DEPOSIT: ("deposit",),
        Verb.WITHDRAW: ("withdraw", "withdraw_from_available"),
    },
    KAMINO_LEND: {
        Verb.DEPOSIT: (
            "deposit_reserve_liquidity",
            "deposit_obligation_collateral",
            "deposit_obligation_collateral_v2",
            "deposit_reserve_liquidity_and_obligation_collateral",
            "deposit_reserve_liquidity_and_obligation_collateral_v2",
        ),
        Verb.WITHDRAW: (
            "redeem_reserve_collateral",
            "withdraw_obligation_collateral",
            "withdraw_obligation_collateral_v2",
            "withdraw_obligation_collateral_and_redeem_reserve_collateral",
            "withdraw_obligation_collateral_and_redeem_reserve_collateral_v2",
            "withdraw_queued_liquidity",
        ),
        Verb.BORROW: ("borrow_obligation_liquidity", "borrow_obligation_liquidity_v2"),
        Verb.REPAY: (
            "repay_obligation_liquidity",
            "repay_obligation_liquidity_v2",
            "repay_and_withdraw_and_redeem",
        ),
    },
    MARGINFI: {
        Verb.DEPOSIT: ("lending_account_deposit",),
        Verb.WITHDRAW: ("lending_account_withdraw",),
        Verb.BORROW: ("lending_account_borrow",),
        Verb.REPAY: ("lending_account_repay",),
        Verb.CLAIM: ("lending_account_withdraw_emissions",),
    },
    DRIFT: {
        Verb.DEPOSIT: ("deposit", "add_insurance_fund_stake"),
        Verb.WITHDRAW: ("withdraw", "remove_insurance_fund_stake"),
        Verb.ORDER_PLACED: (
            "place_perp_order",
            "place_spot_order",
            "place_orders",
            "place_and_take_perp_order",
            "place_and_take_spot_order",
        ),
        Verb.ORDER_CANCELLED: ("cancel_order", "cancel_order_by_user_id", "cancel_orders"),
    },
    MARINADE: {
        Verb.STAKE: ("deposit", "deposit_stake_account"),
        Verb.UNSTAKE: ("liquid_unstake", "order_unstake", "withdraw_stake_account"),
        Verb.CLAIM: ("claim",),
    },
    KAMINO_FARMS: {
        Verb.STAKE: ("stake",),
        Verb.UNSTAKE: ("unstake", "withdraw_unstaked_deposits"),
        Verb.CLAIM: ("harvest_reward",),
    },
    BUBBLEGUM: {
        Verb.MINT: ("mint_v1", "mint_v2", "mint_to_collection_v1"),
        Verb.BURN: ("burn", "burn_v2"),
    },
    CANDY_MACHINE_V2: {Verb.MINT: ("mint_nft",)},
    CANDY_MACHINE: {Verb.MINT: ("mint", "mint_v2")},
    CANDY_GUARD: {Verb.MINT: ("mint", "mint_v1", "mint_v2")},
    TENSOR: {Verb.LIST: ("list", "list_core", "list_wns"), Verb.DELIST: ("delist", "delist_core")},
    TENSOR_SWAP: {
        Verb.LIST: ("list", "list_t22", "wns_list", "deposit_nft", "deposit_nft_t22"),
        Verb.DELIST: ("delist", "delist_t22", "wns_delist", "withdraw_nft", "withdraw_nft_t22"),
    },
    MAGIC_EDEN: {
        Verb.LIST: ("sell", "mip1_sell", "ocp_sell", "core_sell", "ext_sell"),
        Verb.DELIST: (
            "cancel_sell",
            "mip1_cancel_sell",
            "ocp_cancel_sell",
            "core_cancel_sell",
            "ext_cancel_sell",
        ),
    },
    AUCTION_HOUSE: {
        Verb.LIST: ("sell", "auctioneer_sell"),
        Verb.DEPOSIT: ("deposit", "auctioneer_deposit"),
        Verb.WITHDRAW: ("withdraw", "auctioneer_withdraw"),
    },
}

NAMED_VERBS: dict[str, dict[bytes, Verb]] = {
    program: {discriminator(name): verb for verb, names in verbs.items() for name in names}
    for program, verbs in _NAMED.items()
}
"""By program, the verb of an instruction whose data begins with these eight bytes."""

NUMBERED_VERBS: dict[str, dict[int, Verb]] = {
    WORMHOLE: {  # its other instructions check what guardians have signed, before what it is for
        1: Verb.BRIDGE,  # PostMessage
        8: Verb.BRIDGE,  # PostMessageUnreliable
    },
    MPL_CORE: {
        0: Verb.MINT,  # CreateV1
        12: Verb.BURN,  # BurnV1
        20: Verb.MINT,  # CreateV2
    },
    STAKE_POOL: {
        9: Verb.STAKE,  # DepositStake
        10: Verb.UNSTAKE,  # WithdrawStake
        14: Verb.STAKE,  # DepositSol
        16: Verb.UNSTAKE,  # WithdrawSol
        22: Verb.STAKE,  # DepositStakeWithSlippage
        23: Verb.UNSTAKE,  # WithdrawStakeWithSlippage
        24: Verb.STAKE,  # DepositSolWithSlippage
        25: Verb.UNSTAKE,  # WithdrawSolWithSlippage
    },
    SOLEND: {
        4: Verb.DEPOSIT,  # DepositReserveLiquidity
        5: Verb.WITHDRAW,  # RedeemReserveCollateral
        8: Verb.DEPOSIT,  # DepositObligationCollateral
        9: Verb.WITHDRAW,  # WithdrawObligationCollateral
        10: Verb.BORROW,  # BorrowObligationLiquidity
        11: Verb.REPAY,  # RepayObligationLiquidity
        14: Verb.DEPOSIT,  # DepositReserveLiquidityAndObligationCollateral
        15: Verb.WITHDRAW,  # WithdrawObligationCollateralAndRedeemReserveCollateral
    },
}
"""By program, the verb of an instruction whose data begins with this byte."""

OPERATE = discriminator("operate")
"""The one instruction of Jupiter Lend Borrow. Two signed 128-bit integers follow: the changes of collateral
and of debt."""

OPERATES_LOANS = frozenset({JUPITER_BORROW})
