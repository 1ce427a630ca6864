"""Somebody with habits: requests made in one person's few ways of asking, filled in anew each time.

Simulated, and said so where its figures stand: how often real people repeat themselves is not known here.
Half of what such a person writes follows a habit; the rest are other people's prompts, as they came.
"""

from itertools import cycle, product

HABITS = [
    "Please review the following change to {0} and tell me about anything that could break in production.",
    "Summarise the meeting notes below for {0}, in at most five bullet points, with owners and dates.",
    "Rewrite this paragraph so that {0} can understand it without any background in {1}.",
    "Write the release notes for {0}: what is new, what is fixed, and what people have to do themselves.",
    "Draft a friendly reply to {0} that says no to the meeting and suggests next week instead.",
    "What are the three biggest risks of moving {0} to {1}, and how would you test for each of them?",
    "Translate the text below into {1} and keep the tone that {0} would expect.",
    "Give me a SQL query that lists {0} by {1} for the last quarter, newest first.",
]
_FIRST = ["the billing service", "our support team", "the new mobile app", "Katarina", "the search index"]
_SECOND = ["Portuguese", "accounting", "PostgreSQL", "region", "machine learning"]


def requests(count: int) -> list[str]:
    fillings = cycle(product(_FIRST, _SECOND))
    habits = cycle(HABITS)
    return [next(habits).format(*next(fillings)) for _ in range(count)]
