"""The product's settings for a server under the browser: files from where they lie, short heartbeats."""

from grump.settings import *  # noqa: F403
from grump.settings import MIDDLEWARE, STORAGES

MIDDLEWARE = ["tests.browser.deploying.Deployed", *MIDDLEWARE]

STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

# Seconds. People wait up to 20 for what a crash left behind; tests/integration holds the product to that.
HEARTBEAT_SECONDS = 0.5
HEARTBEAT_LOST_SECONDS = 3.0

# Each test is a guest of its own: none meets another one's answers.
ANSWER_CACHE = True
SEMANTIC_CACHE = False
