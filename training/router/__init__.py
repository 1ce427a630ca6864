"""Trains the weights of chat/gateway/difficulty.json; docs/routing.md tells how and how good they are."""
