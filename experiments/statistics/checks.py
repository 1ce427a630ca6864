"""Whether figures may be read at all, and what many of them at once are worth."""

from collections.abc import Sequence

from experiments.statistics.distributions import chi_square_beyond

# The field's threshold (Fabijan and others 2019, "Diagnosing Sample Ratio Mismatch"): looked at daily, and
# wrong alarms would teach people to pass over it.
MISMATCH = 0.001


def sample_ratio(counts: Sequence[int], parts: Sequence[float]) -> float:
    """Pearson's χ²: how probable so uneven a split is under the parts that were wanted. A variant that was
    to have nobody and has somebody is impossible: 0."""
    wanted = [(count, part) for count, part in zip(counts, parts, strict=True) if part > 0]
    if sum(counts) != sum(count for count, _ in wanted):
        return 0.0
    if len(wanted) < 2 or not sum(counts):
        return 1.0
    all_parts, everybody = sum(part for _, part in wanted), sum(counts)
    expected = [part / all_parts * everybody for _, part in wanted]
    distances = [(count - there) ** 2 / there for (count, _), there in zip(wanted, expected, strict=True)]
    return chi_square_beyond(sum(distances), len(wanted) - 1)


def false_discoveries(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg (1995): adjusted p-values; those below q are false in a part of q at most."""
    order = sorted(range(len(p_values)), key=lambda number: p_values[number], reverse=True)
    found, lowest = [0.0] * len(p_values), 1.0
    for passed, number in enumerate(order):
        lowest = min(lowest, p_values[number] * len(p_values) / (len(p_values) - passed))
        found[number] = lowest
    return found


def family_wise(p_values: Sequence[float]) -> list[float]:
    """Holm (1979): adjusted p-values; with alpha, no false one at all but with that probability."""
    order = sorted(range(len(p_values)), key=lambda number: p_values[number])
    found, highest = [0.0] * len(p_values), 0.0
    for rank, number in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[number]))
        found[number] = highest
    return found
