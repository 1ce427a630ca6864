"""The file that ships with the product: the general model and what weighs its suggestions, packed.

`general.bin` is made by `python -m training.prediction`. It is read once a process, off the event loop.
"""

import sys
import zlib
from array import array
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

from chat.prediction.code import Lines
from chat.prediction.general import Followers, General

FILE = Path(__file__).with_name("general.bin")
_MAGIC = b"prediction 1\n"
_ARRAYS = ("counts", "pairs", "triples")
_FOLLOWERS = ("at", "words", "counts", "totals")


@dataclass(frozen=True, slots=True)
class Shipped:
    """`weights`: of chat/prediction/suggest.py's logistic function. `lines`: of each language."""

    general: General
    weights: list[float]
    lines: dict[str, Lines]


def pack(shipped: Shipped) -> bytes:
    general = shipped.general
    arrays = {"counts": general.counts}
    for name in ("pairs", "triples"):
        for part in _FOLLOWERS:
            arrays[f"{name}.{part}"] = getattr(getattr(general, name), part)
    head = {
        "weights": shipped.weights,
        "lines": {name: [lines.begun, lines.sure] for name, lines in shipped.lines.items()},
        "words": general.words,
        "shown": general.shown,
        "arrays": [[name, values.typecode, len(values)] for name, values in arrays.items()],
    }
    text = orjson.dumps(head)
    body = b"".join(_little(values) for values in arrays.values())
    return _MAGIC + zlib.compress(len(text).to_bytes(4, "little") + text + body, 9)


def unpack(data: bytes) -> Shipped:
    """Raises ValueError for anything that `pack` did not make."""
    if not data.startswith(_MAGIC):
        raise ValueError("not a prediction model")
    raw = zlib.decompress(data[len(_MAGIC) :])
    end = 4 + int.from_bytes(raw[:4], "little")
    head = orjson.loads(raw[4:end])
    arrays: dict[str, array] = {}
    for name, typecode, length in head["arrays"]:
        values = array(typecode)
        size = length * values.itemsize
        values.frombytes(raw[end : end + size])
        if sys.byteorder == "big":
            values.byteswap()
        arrays[name] = values
        end += size
    pairs, triples = (
        Followers(*(arrays[f"{name}.{part}"] for part in _FOLLOWERS)) for name in ("pairs", "triples")
    )
    general = General(head["words"], arrays["counts"], pairs, triples, head["shown"])
    lines = {
        name: Lines([(line, times) for line, times in begun], sure)
        for name, (begun, sure) in head["lines"].items()
    }
    return Shipped(general, head["weights"], lines)


@cache
def shipped() -> Shipped:
    """A tenth of a second the first time."""
    found = unpack(FILE.read_bytes())
    _ = found.general.sums, found.general.seen
    return found


def _little(values: array) -> bytes:
    if sys.byteorder == "big":
        values = array(values.typecode, values)
        values.byteswap()
    return values.tobytes()
