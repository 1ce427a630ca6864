"""Calibrates chat/gateway/resemblance.json; docs/cache.md tells how, and how good it is."""
