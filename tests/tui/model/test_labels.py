from __future__ import annotations

from streamtui.model.labels import labeller, shortened


def test_a_wallet_is_called_by_its_label_or_its_short_address() -> None:
    address = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
    assert labeller({address: "treasury"})(address) == "treasury"
    assert labeller({})(address) == "Gfyz…eN6T" == shortened(address)
