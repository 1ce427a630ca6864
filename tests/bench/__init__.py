"""What the product adds to a direct call, measured: `python -m tests.bench --help`.

One server process under test has a core to itself; the fake provider and the load client share the other.
All servers of a run are up at once and the rounds are interleaved among them, so that a busy moment of the
machine hits every variant alike. Figures are medians over rounds, to be read against `direct` of their run.
"""
