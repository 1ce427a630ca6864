"""The two distributions that readings ask, from the standard library's functions.

SciPy has them too, for 76 MB of each worker that reads an experiment and a second or more of the page that
shows one. tests/experiments/statistics/test_distributions.py holds these to SciPy's.
"""

from math import erfc, exp, lgamma, log, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()


def normal_quantile(probability: float) -> float:
    """The standard normal's value below which `probability` (above 0, below 1) lies."""
    return _NORMAL.inv_cdf(probability)


def normal_beyond(value: float) -> float:
    """The probability that a standard normal is above `value`, exact far out as well."""
    return erfc(value / sqrt(2)) / 2


def chi_square_beyond(value: float, degrees: int) -> float:
    """The probability that χ² with so many degrees of freedom (1 and more) is above `value` (0 and more).

    Abramowitz and Stegun 26.4.4 and 26.4.5: a sum with a term for every second degree.
    """
    half = value / 2
    if not half:
        return 1.0
    found, shape = (exp(-half), 1.0) if degrees % 2 == 0 else (erfc(sqrt(half)), 0.5)
    while shape < degrees / 2:
        found += exp(shape * log(half) - half - lgamma(shape + 1))
        shape += 1
    return min(1.0, found)
