from __future__ import annotations

from streamcore.errors import InputError, ProviderError
from streamcore.events import ErrorKind
from streamcore.search.changed_names import changed_names
from streamcore.search.wallet_names import MOVED

OLD = "A1TMhSGzQxMr1TboBKtgixKz1sS6REASMxPo1qsyTSJd"
NEW = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"


async def test_only_a_name_that_leads_elsewhere_is_told_and_the_saved_wallet_stays() -> None:
    found: dict[str, str | Exception] = {
        "same.sns": OLD,
        "other.sns": NEW,
        "gone.sns": InputError("gone.sns", "is not registered"),
        "down.sns": ProviderError(ErrorKind.NETWORK, "no network"),
    }
    asked: list[str] = []

    async def resolve(name: str) -> str:
        asked.append(name)
        answer = found[name]
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await changed_names({OLD: "same.sns"}, resolve) == []
    assert await changed_names({OLD: "my treasury"}, resolve) == []
    assert asked == ["same.sns"]
    assert await changed_names({OLD: "Other.SNS"}, resolve) == [
        f"other.sns leads to {NEW} now; {OLD} is still watched, as it was saved"
    ]
    assert await changed_names({OLD: "gone.sns"}, resolve) == [
        f"gone.sns is not registered; {OLD} is still watched, as it was saved"
    ]
    assert await changed_names({OLD: "down.sns"}, resolve) == []
    found["mine.sol"] = InputError("mine.sol", MOVED)
    assert await changed_names({OLD: "mine.sol"}, resolve) == []
