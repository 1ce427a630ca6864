"""The seam between two models' parts of one answer: nothing is said twice.

A model that cannot prefill is asked in words to go on, and likes to begin with the last words once more.
"""

REACH = 400  # characters from the end of what was shown that may be repeated
LEAST = 12  # a shorter repetition may be meant ("ha ha")


def overlap(shown: str, following: str) -> int:
    """How many characters at the beginning of `following` repeat the end of `shown`. Pure."""
    tail = shown[-REACH:]
    for length in range(min(len(tail), len(following)), LEAST - 1, -1):
        if tail.endswith(following[:length]):
            return length
    return 0


class Seam:
    """Removes the overlap from a stream, however it is cut. Holds text back only as long as it could
    still be the beginning of an overlap; `rest()` at the end lets out what was held."""

    __slots__ = ("_held", "_tail", "open")

    def __init__(self, shown: str) -> None:
        self._tail = shown[-REACH:]
        self._held = ""
        self.open = bool(shown)  # False: everything passes unchanged from here on

    def feed(self, text: str) -> str:
        if not self.open:
            return text
        self._held += text
        # As long as all of it stands in the tail before its end, more of it may lead up to that end.
        if self._held in self._tail[:-1]:
            return ""
        return self.rest()

    def rest(self) -> str:
        """What is left once no more is to come, or nothing more can repeat."""
        self.open = False
        held, self._held = self._held, ""
        return held[overlap(self._tail, held) :]
