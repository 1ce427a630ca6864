"""Every numbered frame can be sent again byte for byte from what is stored."""

import uuid

import orjson
from hypothesis import given
from hypothesis import strategies as st

from chat import protocol
from chat.journal import ended, entry, replay
from chat.reaper import read_back

GENERATION = uuid.uuid4()
texts = st.text(alphabet=st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)


def start(seq):
    return protocol.Start(
        generation_id=GENERATION, seq=seq, provider="p", model="m", tier="simple", reason="why", cached=None
    )


@st.composite
def streams(draw) -> list[protocol.ServerFrame]:
    frames: list[protocol.ServerFrame] = [start(1)]
    for kind, text in draw(st.lists(st.tuples(st.sampled_from(["text", "reasoning", "retry"]), texts))):
        number = {"generation_id": GENERATION, "seq": len(frames) + 1}
        if kind == "retry":
            frames.append(protocol.Retry(**number, from_="a", to="b", reason=text))
        else:
            frames.append(protocol.Delta(**number, **{kind: text}))
    number = {"generation_id": GENERATION, "seq": len(frames) + 1}
    if draw(st.booleans()):
        frames.append(
            protocol.Done(
                **number, message_id=GENERATION, finish_reason="stop",
                usage={"cost_usd": 0.25}, timing={"first_token_ms": 4},
            )
        )  # fmt: skip
    else:
        frames.append(protocol.Error(**number, code="interrupted", message="Sorry", retry_after_s=2.5))
    return frames


def stored(frames):
    """As it comes back from a JSON column."""
    journal = orjson.loads(orjson.dumps([entry(frame) for frame in frames]))
    deltas = [frame for frame in frames if isinstance(frame, protocol.Delta)]
    return journal, "".join(d.text or "" for d in deltas), "".join(d.reasoning or "" for d in deltas)


@given(streams(), st.integers(0, 30))
def test_a_stored_answer_replays_the_very_bytes_that_were_sent(frames, after):
    journal, text, reasoning = stored(frames)
    again = [protocol.encode(frame) for frame in replay(GENERATION, journal, text, reasoning, after)]
    assert again == [protocol.encode(frame) for frame in frames[after:]]


@given(streams())
def test_what_the_live_stream_held_can_be_read_back_into_the_same_journal(frames):
    assert read_back([protocol.encode(frame) for frame in frames]) == stored(frames)


@given(streams())
def test_a_journal_knows_whether_the_last_word_was_said(frames):
    journal, _, _ = stored(frames)
    assert ended(journal)
    assert not ended(journal[:-1])
    assert not ended([])
