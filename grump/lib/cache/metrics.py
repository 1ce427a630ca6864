"""Labels hold namespaces, which are names in our code, never keys."""

from prometheus_client import Counter

HITS = Counter("tiered_cache_hits_total", "Answers, by the tier that had them", ("tier", "namespace"))
MISSES = Counter("tiered_cache_misses_total", "Questions that no tier could answer", ("namespace",))
