"""What a turn takes, in what can be counted alike on every machine: (on SQLite, on PostgreSQL).

Queries have a table of their own (tests/chat/queries.py). A change shows as a change of this table, whether
cheaper or dearer; the failing test says what it counted.
"""

# A short answer, the second in its conversation and later. The least of several tries: the housekeeping that
# the clock starts may fall into any of them.
TURN: dict[str, tuple[int, int]] = {
    "frames beside deltas": (5, 5),
    "bytes of them": (1435, 1435),
    "bytes of a delta beside its text": (94, 94),
    "requests upstream": (1, 1),
    "commands to Valkey": (12, 12),
    "calls of our functions": (655, 655),
    "calls of anybody's functions in database threads": (3163, 4658),
}
# The interpreter's minor versions call a little differently, and ids and times differ in length by a digit.
LEEWAY: dict[str, float] = {
    "bytes of them": 0.02,
    "commands to Valkey": 0.5,  # what comes close together is written together, and some of it after the turn
    "calls of our functions": 0.12,  # fewer where what comes is read in fewer pieces
    "calls of anybody's functions in database threads": 0.05,
}
MOST_FRAMES = 12  # of 2,000 tokens that a provider writes at once
MOST_KEPT = 1.0  # objects of our classes that a turn leaves behind, once caches and pools are warm
