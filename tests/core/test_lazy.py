from __future__ import annotations

import sys
from types import ModuleType

import pytest

from streamcore.lazy import lazily


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package that offers one name of a module that has not been imported yet."""
    package = ModuleType("fruit")
    monkeypatch.setitem(sys.modules, "fruit", package)
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    package.__getattr__ = lazily("fruit", {"colorsys": ("rgb_to_hsv",)})  # type: ignore[method-assign]
    return package


def test_a_name_is_imported_when_somebody_first_asks_for_it(package: ModuleType) -> None:
    assert "colorsys" not in sys.modules
    assert package.rgb_to_hsv(1, 1, 1) == (0.0, 0.0, 1)
    assert "colorsys" in sys.modules


def test_the_second_time_it_is_simply_there(package: ModuleType) -> None:
    found = package.rgb_to_hsv
    assert vars(package)["rgb_to_hsv"] is found


def test_a_name_that_is_not_offered_is_an_attribute_error(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match="module 'fruit' has no attribute 'hsv_to_rgb'"):
        package.hsv_to_rgb  # noqa: B018
