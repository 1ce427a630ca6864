"""Who gets which variant: a pure function of a seed and an id. No clock, no database, no dice.

Hash, ranges and groups are those of GrowthBook's SDK specification (docs.growthbook.io/lib/build-your-own:
"hash version 2", `getBucketRanges`, `chooseVariation`, `inNamespace`), over FNV-1a with 32 bits (Fowler,
Noll, Vo; RFC 9923), and are held to its published test cases. What is hashed is ASCII; anything else raises
UnicodeEncodeError.
"""

from collections.abc import Sequence

OFFSET, PRIME, MASK = 2166136261, 16777619, 0xFFFFFFFF
Range = tuple[float, float]  # [start, end), within [0, 1)


def fnv1a32(text: str, state: int = OFFSET) -> int:
    """`state`: the hash of what stands before `text`, so that a seed need be hashed only once."""
    for byte in text.encode("ascii"):
        state = ((state ^ byte) * PRIME) & MASK
    return state


def bucket_after(state: int, unit: str) -> float:
    """`bucket`, from a seed that was hashed before."""
    return fnv1a32(str(fnv1a32(unit, state))) % 10_000 / 10_000


def bucket(seed: str, unit: str) -> float:
    """Where `unit` falls under `seed`: one of 10,000 places in [0, 1).

    Two rounds, because one leaves similar ids of two seeds beside each other: their assignments would not be
    independent.
    """
    return bucket_after(fnv1a32(seed), unit)


def shares(weights: Sequence[float]) -> list[float]:
    """Weights of any sum as parts of one: 1 and 1, 50 and 50, 0.5 and 0.5 are the same. All zero: everybody
    is control, the first. Raises ValueError for a negative one, and for none at all."""
    if not weights or min(weights) < 0:
        raise ValueError("weights are zero or more, of at least one variant")
    whole = sum(weights)
    if whole == 0:
        return [1.0] + [0.0] * (len(weights) - 1)
    return [weight / whole for weight in weights]


def ranges(count: int, coverage: float = 1.0, weights: Sequence[float] | None = None) -> list[Range]:
    """What each of `count` variants takes of [0, 1). Coverage cuts each range at its end and leaves its
    start: raising it takes further units in and moves nobody. `weights` are parts of one; where they are
    not, as the specification has it, all are equal (`shares` makes them parts of one)."""
    if count < 1:
        return []
    coverage = min(1.0, max(0.0, coverage))
    if weights is None or len(weights) != count or not 0.99 <= sum(weights) <= 1.01:
        weights = [1 / count] * count
    found, start = [], 0.0
    for weight in weights:
        found.append((start, start + coverage * weight))
        start += weight
    return found


def choose(place: float, taken: Sequence[Range]) -> int | None:
    """The number of the variant whose range holds `place`; None for nobody's."""
    for number, (start, end) in enumerate(taken):
        if start <= place < end:
            return number
    return None


def in_group(group: str, unit: str, start: float, end: float) -> bool:
    """Whether `unit` is in the part [start, end) of a group of experiments that exclude each other. The
    specification hashes groups in one round of 1,000 places, the id first."""
    return start <= fnv1a32(f"{unit}__{group}") % 1_000 / 1_000 < end
