"""Every WebSocket frame, as frozen dataclasses: what a client may say and what it may hear.

`parse()` is the only way in: it returns a client frame or raises `BadFrame` with a sentence for the
sender. `encode()` is the only way out. docs/protocol.md describes the rules a client may rely on.
"""
