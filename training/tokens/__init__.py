"""The weights of chat/gateway/counting.py, and how far they are from real tokenizers."""
