from streamcore.checks import Check, Result


def test_a_check_is_needed_unless_it_says_otherwise() -> None:
    assert Check("kraken", "TLS", Result.PASSED, 0.1, "").needed
