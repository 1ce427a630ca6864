"""Money: exact, rounded up, never negative."""

from decimal import ROUND_CEILING, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.catalogue import Price
from chat.gateway.events import Usage
from chat.gateway.pricing import cost_microusd, estimated, total
from tests.chat.gateway.scripted import ask

_tokens = st.integers(0, 10_000_000)
_dollars = st.decimals(0, 1000, places=3).map(float)


def test_a_dollar_a_million_is_a_micro_dollar_a_token() -> None:
    assert cost_microusd(Usage(input_tokens=7, output_tokens=5), Price(1.0, 2.0)) == 17


def test_a_fraction_is_rounded_up() -> None:
    assert cost_microusd(Usage(output_tokens=1), Price(0.0, 0.01)) == 1


def test_a_price_is_taken_as_it_is_written() -> None:
    # In binary floating point 3 × 0.1 is a little over 0.3, and the sum would be rounded up once too often.
    assert cost_microusd(Usage(input_tokens=3, output_tokens=7), Price(0.1, 0.1)) == 1


def test_cached_tokens_have_their_own_price() -> None:
    usage = Usage(input_tokens=100, cached_input_tokens=90)
    assert cost_microusd(usage, Price(1.0, 1.0, cached_input=0.1)) == 19
    assert cost_microusd(usage, Price(1.0, 1.0)) == 100


def test_more_cached_than_asked_is_never_a_credit() -> None:
    assert cost_microusd(Usage(input_tokens=1, cached_input_tokens=50), Price(1.0, 1.0, 0.0)) == 0


@given(_tokens, _tokens, _dollars, _dollars)
def test_the_cost_is_the_exact_product_rounded_up(asked: int, said: int, input: float, output: float) -> None:
    exact = asked * Decimal(str(input)) + said * Decimal(str(output))
    assert cost_microusd(Usage(asked, said), Price(input, output)) == exact.to_integral_value(ROUND_CEILING)


def test_an_estimate_is_marked_and_priced() -> None:
    usage = estimated(ask("a" * 40), ["b" * 20, "c" * 20], Price(1.0, 2.0), len)
    assert (usage.estimated, usage.output_tokens) == (True, 40)
    assert usage.cost_microusd == usage.input_tokens + 80


def test_a_sum_with_an_estimate_in_it_is_an_estimate() -> None:
    summed = total(Usage(1, 2, 3, 4, 5), Usage(1, 1, 1, 1, 1, estimated=True))
    assert summed == Usage(2, 3, 4, 5, 6, estimated=True)


@pytest.mark.parametrize("price", [0.1, 1e-05, 2.5, 1e9])
def test_every_way_a_price_prints_is_understood(price: float) -> None:
    assert cost_microusd(Usage(input_tokens=1_000_000), Price(price, 0)) == round(price * 1_000_000)
