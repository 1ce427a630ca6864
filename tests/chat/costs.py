"""What a turn takes, in what can be counted alike on every machine: (on SQLite, on PostgreSQL).

Queries have a table of their own (tests/chat/queries.py). A change shows as a change of this table, whether
cheaper or dearer; the failing test says what it counted.
"""

# A short answer, the second in its conversation. What the process does by the clock, or for all turns of a
# moment together (calls to other processes, the relay, news of usage), is not among it. The least of several
# tries: what is kept in memory for a while may have to be read again in any of them.
TURN: dict[str, tuple[int, int]] = {
    "frames beside deltas": (4, 4),
    "bytes of them": (1218, 1218),
    "bytes of a delta beside its text": (94, 94),
    "requests upstream": (1, 1),
    "commands to Valkey": (1, 1),
    "calls of our functions": (753, 718),
    "calls of anybody's functions in database threads": (1679, 2951),
}
# The interpreter's minor versions call a little differently, and ids and times differ in length by a digit.
LEEWAY: dict[str, float] = {
    "bytes of them": 0.02,
    "calls of our functions": 0.05,  # 26 more where the answer is read in two pieces
    "calls of anybody's functions in database threads": 0.05,
}
MOST_FRAMES = 12  # of 2,000 tokens that a provider writes at once
MOST_KEPT = 1.0  # objects of our classes that a turn leaves behind, once caches and pools are warm
MOST_KEPT_OF_A_SOCKET = 1.0  # likewise, that a socket leaves
