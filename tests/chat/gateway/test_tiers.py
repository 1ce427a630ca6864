"""A chance and a wish become a tier."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.catalogue import TIERS
from chat.gateway.tiers import tier_for

shares = st.floats(0, 1)


@pytest.mark.parametrize(("chance", "tier"), [(0.95, "simple"), (0.5, "standard"), (0.1, "complex")])
def test_without_a_wish_the_chance_decides(chance: float, tier: str) -> None:
    assert tier_for(chance, 0.5) == tier


@given(shares)
def test_the_ends_of_the_slider_are_final(chance: float) -> None:
    assert tier_for(chance, 0.0) == "simple"
    assert tier_for(chance, 1.0) == "complex"


@given(shares, shares, shares)
def test_who_wishes_for_better_never_gets_less(chance: float, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert TIERS.index(tier_for(chance, less)) <= TIERS.index(tier_for(chance, more))


@given(shares, shares, shares)
def test_an_easier_prompt_never_gets_more(preference: float, one: float, other: float) -> None:
    harder, easier = sorted((one, other))
    assert TIERS.index(tier_for(easier, preference)) <= TIERS.index(tier_for(harder, preference))


def test_every_tier_can_be_reached_by_wishing() -> None:
    assert {tier_for(0.6, step / 20) for step in range(21)} == set(TIERS)
