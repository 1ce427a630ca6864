"""The gateway: one question in, one stream of events out, whatever any single provider does.

Every ring has one method, `stream(request) -> AsyncIterator[Event]`; `stack.py` lists them in order.
Nothing here knows Django's ORM, Channels or the rest of chat: this package could leave tomorrow.
"""
