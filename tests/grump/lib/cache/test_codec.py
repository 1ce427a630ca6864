"""What goes in comes out, with its type; what others wrote is data at most."""

import pickle
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grump.lib.cache.codec import Cost, Entry, Unreadable, decode, encode, pack, unpack

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.uuids()
    | st.floats(allow_nan=False) | st.decimals(allow_nan=False) | st.datetimes() | st.dates()
    | st.timedeltas()
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back_with_its_type(value):
    back = unpack(decode(encode(Entry(pack(value)))).body)
    assert back == value
    assert type(back) is type(value)


def test_times_money_and_sets_keep_their_kind():
    value = (datetime(2026, 1, 1, tzinfo=UTC), Decimal("0.10"), {1, 2}, timedelta(days=2), UUID(int=7), 2**80)
    assert unpack(pack(value)) == value


def test_a_large_body_is_stored_smaller_and_says_so():
    entry = Entry(pack("again " * 1000), 5.0, 6.0, Cost(7, 8))
    blob = encode(entry)
    assert blob[0] == 0x02
    assert len(blob) < len(entry.body) / 10
    assert decode(blob) == entry
    assert encode(Entry(b"x" * 1024))[0] == 0x01


@given(st.binary())
def test_foreign_bytes_are_unreadable_or_data(blob):
    for read in (decode, unpack):
        try:
            read(blob)
        except Unreadable:
            pass


def test_a_pickle_is_never_run():
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("it ran",))

    with pytest.raises(Unreadable):
        unpack(pickle.dumps(Trap()))
    with pytest.raises(TypeError, match="does not carry"):
        pack(Trap())
