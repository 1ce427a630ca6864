"""How often each door asks the database, with what it keeps in memory there; begin and commit not counted.

A change shows as a change of this table. A page that is not here fails its test until it is.
"""

PAGES: dict[str, int] = {
    "manifest.webmanifest": 0,
    "service-worker.js": 0,
    "offline/": 0,
    "offline/elsewhere/": 0,
    "share/": 0,
    "favicon.ico": 0,
    "api/usage": 4,
    "usage/export.csv": 3,
    "usage/keys/": 4,
    "usage/keys/<uuid:key_id>/rotate": 0,
    "usage/keys/<uuid:key_id>/revoke": 0,
    "usage/keys/<uuid:key_id>/restore": 0,
    "upgrade/": 6,
    "variant/<str:token>/": 2,
    "": 5,
    "c/<uuid:conversation_id>/": 12,
    "api/conversations": 4,
    "api/conversations/<uuid:conversation_id>": 9,
    "api/conversations/<uuid:conversation_id>/restore": 0,
    "api/conversations/<uuid:conversation_id>/export": 4,
    "api/messages/<uuid:message_id>": 0,
    "api/messages/<uuid:message_id>/context": 4,
    "api/export": 3,
    "api/import": 0,
    "api/search": 3,
    "api/preferences": 3,
    "api/prompts": 3,
    "settings/prompts/": 3,
    "settings/prompts/<uuid:prompt_id>/": 4,
    "settings/prompts/<uuid:prompt_id>/delete": 0,
    "settings/": 3,
    "settings/import": 0,
    "settings/about-me.json": 35,
    "settings/consent": 0,
    "settings/delete/": 2,
    "usage/": 8,
    "api/feedback/answers/<uuid:generation_id>": 0,
    "api/feedback/satisfaction": 0,
    "api/metrics/frontend": 0,
    "api/models": 0,
    "api/providers": 2,
}

# On SQLite and on PostgreSQL: an answer enters the search index in one statement more on SQLite.
FRAMES: dict[str, tuple[int, int]] = {
    "chat.send": (19, 17),
    "chat.regenerate": (18, 17),
    "chat.stop": (1, 1),
    "chat.resume": (1, 1),
    "predict.outcome": (0, 0),
    "ping": (0, 0),
}
