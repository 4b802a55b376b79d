from streamcore.relay_client.clock_skew import SAMPLES, ClockSkew


def test_the_smallest_difference_counts_because_it_has_the_least_time_on_the_way() -> None:
    skew = ClockSkew()
    assert skew.seconds == 0.0
    skew.arrived(1000.0, 4600.5)
    assert skew.arrived(1001.0, 4601.02) == 4601.02 - 1001.0
    assert skew.arrived(1002.0, 4602.9) == 4601.02 - 1001.0


def test_a_relay_whose_clock_is_ahead_has_a_negative_skew() -> None:
    assert ClockSkew().arrived(5000.0, 1400.0) == -3600.0


def test_old_samples_are_forgotten_so_that_a_clock_that_is_set_is_followed() -> None:
    skew = ClockSkew()
    skew.arrived(1000.0, 1000.0)
    for number in range(SAMPLES):
        skew.arrived(2000.0 + number, 2005.0 + number)
    assert skew.seconds == 5.0
    skew.restart()
    assert skew.seconds == 0.0
