from __future__ import annotations

from streamcore.cluster.names import Names, key_subject, stream_of


def test_made_up_data_and_real_data_have_no_name_in_common() -> None:
    real, demo = Names(demo=False), Names(demo=True)
    for name in ("live", "present", "ask", "transactions", "lease", "wants", "wallets"):
        assert getattr(real, name) != getattr(demo, name)
    assert not demo.transactions_of("w").startswith("st.")


def test_a_bucket_is_where_the_tools_of_nats_look_for_it() -> None:
    assert stream_of("st_lease") == "KV_st_lease"
    assert key_subject("st_lease", "leader") == "$KV.st_lease.leader"
