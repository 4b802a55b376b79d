from streamcore import TokenHit


def _hit(mint: str | None) -> TokenHit:
    return TokenHit(symbol="SOL", name="Solana", mint=mint, provider="kraken", verified=True)


def test_a_token_is_subscribed_by_its_mint_and_a_market_by_its_ticker() -> None:
    assert _hit("So11111111111111111111111111111111111111112").wanted.startswith("So1")
    assert _hit(None).wanted == "SOL"
