"""Every knob of the product, grouped, read once from the environment; a wrong value stops the start.

The variables are listed in README.md; tests/test_docs.py holds the two together.
"""

from pathlib import Path

from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key
from kombu import Queue

from grump.lib import database_url, env
from grump.lib.release import release_of
from grump.operations import mail

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("GRUMP_VAR", str(BASE_DIR / "var")))


# --- The installation -------------------------------------------------------------------------

DEBUG = env.flag("DEBUG", False)
# `make run` sets it: one person's machine, plain http on loopback, generated secrets.
DEVELOPMENT = env.flag("GRUMP_DEVELOPMENT", False)


def _secret_key() -> str:
    given = env.text("SECRET_KEY")
    if given or not (DEBUG or DEVELOPMENT):
        return given or env.required("SECRET_KEY", "sessions and passwords are signed with it")
    stored = VAR_DIR / "secret_key"
    if not stored.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        stored.touch(mode=0o600)
        stored.write_text(get_random_secret_key())
    return stored.read_text().strip()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
SITE_NAME = "G-Rump"
# What figures of this code are told apart from others' by.
RELEASE = env.text("GRUMP_RELEASE", release_of(BASE_DIR, "0.1.0"))[:40]


# --- Applications -----------------------------------------------------------------------------

INSTALLED_APPS = [
    "daphne",
    "grump.operations",
    "django_prometheus",
    "grump.accounts.admin_config.GrumpAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "grump.accounts",
    "grump.audit",
    "grump.pwa",
    "grump.local",
    "grump.lib.cache",
    "chat",
    "usage",
    "experiments",
    "figures",
]

MIDDLEWARE = [
    "grump.operations.headers.HeadersMiddleware",
    "grump.operations.errors.ApiErrorsMiddleware",
    "grump.operations.programs.ProgramsMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "grump.accounts.middleware.GuestIsVisitorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "grump.urls"
ASGI_APPLICATION = "grump.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


# --- Database ---------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASE_POOL_SIZE = env.integer("DATABASE_POOL_SIZE", 8, least=1, most=200)
try:
    DATABASES = {
        "default": database_url.settings_from(
            env.text("DATABASE_URL", f"sqlite:///{VAR_DIR / 'grump.sqlite3'}"),
            DATABASE_POOL_SIZE,
            VAR_DIR / "test",
        )
    }
except ValueError as error:
    raise env.EnvError("DATABASE_URL", str(error)) from None


# --- Valkey: cache, live streams, Celery --------------------------------------------------------

REDIS_URL = env.text("REDIS_URL", f"unix://{VAR_DIR / 'valkey.sock'}")
if not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise env.EnvError("REDIS_URL", "expected redis://, rediss:// or unix://")

# Celery's transport spells a socket differently from redis-py.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
# What somebody waits for has a queue of its own, so that no title and no clean-up stands before it. A worker
# that is not told otherwise takes both.
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_QUEUES = [Queue("celery"), Queue("context")]
CELERY_TASK_ROUTES = {"chat.fit_context": {"queue": "context"}}
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# KiB. A process of a worker that is larger than this after a task gives way to a fresh one: whatever tasks,
# libraries or the allocator keep is bounded. They have 150 to 200 MiB in use.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 512 * 1024
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # What a worker has held for so long is handed to another one, also what only waits for its time:
    # nothing may be put off for longer than this less the time limit (tests/grump/test_delays.py).
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict] = {
    "make often repeated answers anew before they end": {"task": "chat.warm_cache", "schedule": 900.0},
    "claim what a crash left running": {"task": "chat.reap", "schedule": 10.0},
    "remove what was deleted a day ago": {"task": "chat.remove_deleted", "schedule": 3600.0},
    "remove what is older than its plan keeps": {"task": "chat.remove_expired", "schedule": 3600.0},
    "remove guests that never wrote": {"task": "accounts.remove_empty_guests", "schedule": 3600.0},
    "forget browser timings that are added up": {"task": "chat.forget_timings", "schedule": 3600.0},
    "add up what has ended": {"task": "chat.roll", "schedule": 30.0},
    "give back what lost turns hold": {"task": "usage.expire_holds", "schedule": 60.0},
    "compare the counters with the ledger": {"task": "usage.rebuild", "schedule": 3600.0},
    "remove answers kept for idempotent calls": {"task": "usage.remove_old_calls", "schedule": 3600.0},
    "read experiments, and stop those that do harm": {"task": "experiments.read", "schedule": 900.0},
    "remove what the cache no longer needs": {"task": "cache.prune", "schedule": 600.0},
}

# Zero: 2 % of the memory in MB, taken as a number of entries. The bound in bytes holds besides.
TIERED_CACHE_L1_MAX = env.integer("TIERED_CACHE_L1_MAX", 0, least=0, most=10_000_000)
TIERED_CACHE_L1_TTL_MS = env.integer("TIERED_CACHE_L1_TTL_MS", 300_000, least=1, most=86_400_000)
TIERED_CACHE_REPAIR_MS = env.integer("TIERED_CACHE_REPAIR_MS", 5_000, least=100, most=600_000)
VALKEY_PROBE_SECONDS = env.integer("VALKEY_PROBE_SECONDS", 30, least=1, most=600)
CACHES = {"default": {"BACKEND": "grump.lib.cache.backend.TieredCache", "LOCATION": REDIS_URL}}


# --- Accounts and sessions ----------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# Sessions live in the database: they survive a dead Valkey.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# A guest has nothing but the session to come back with: both last equally long after the last visit.
GUEST_KEEP_DAYS = env.integer("GUEST_KEEP_DAYS", 60, least=1, most=3650)
SESSION_COOKIE_AGE = 60 * 60 * 24 * GUEST_KEEP_DAYS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

ACCOUNT_ADAPTER = "grump.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_USERNAME_BLACKLIST = ["admin", "assistant", "guest", "root", "support", "system"]
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
STAFF_SECOND_FACTOR = env.flag("STAFF_SECOND_FACTOR", False)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1  # half-minutes: a slow typist, a clock that is off (RFC 6238, 5.2)
MFA_PASSKEY_LOGIN_ENABLED = True
# Browsers themselves allow passkeys over plain http on "localhost", and nowhere else.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG or DEVELOPMENT

# Without a mail server each mail becomes a file in var/mail: nothing fails, and no link meant for one
# person lands in a log. Nobody can then confirm an address, so nothing may depend on it.
EMAIL_URL = env.text("EMAIL_URL")
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL", "g-rump@localhost")
try:
    globals().update(mail.settings_from(EMAIL_URL))
except ValueError as error:
    raise env.EnvError("EMAIL_URL", str(error)) from None
ACCOUNT_EMAIL_VERIFICATION = "optional" if EMAIL_URL else "none"
ACCOUNT_EMAIL_NOTIFICATIONS = bool(EMAIL_URL)
MFA_ALLOW_UNVERIFIED_EMAIL = not EMAIL_URL


# --- Safety -------------------------------------------------------------------------------------

_TLS = not (DEBUG or DEVELOPMENT)
SESSION_COOKIE_SECURE = _TLS
CSRF_COOKIE_SECURE = _TLS
SECURE_SSL_REDIRECT = _TLS and env.flag("SECURE_SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if _TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _TLS
SECURE_HSTS_PRELOAD = _TLS
# One proxy in front, which sets X-Forwarded-For and X-Forwarded-Proto and removes a visitor's own.
BEHIND_PROXY = env.flag("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
# Probes speak plain http from inside.
SECURE_REDIRECT_EXEMPT = [r"^api/health", r"^metrics$"]
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# Bytes: of a body as it comes in (grump/operations/body_limit.py), and of one that a view may read.
MAX_BODY_BYTES = 1024 * 1024
MAX_API_BODY_BYTES = 8 * 1024 * 1024  # under /v1/, where pictures come in the body
MAX_IMPORT_BYTES = 17 * 1024 * 1024  # of a file of conversations and the form around it
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
CSRF_FAILURE_VIEW = "grump.operations.errors.csrf_failure"
METRICS_TOKEN = env.text("METRICS_TOKEN")
# Traces go to an OTLP collector; without one the SDK is not even imported. A share of the turns is traced.
OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")
OTEL_TRACES_SAMPLER_ARG = env.share("OTEL_TRACES_SAMPLER_ARG", 0.05)
# Zero: none. Where a worker runs apart from the web processes it answers scrapes itself.
WORKER_METRICS_PORT = env.integer("WORKER_METRICS_PORT", 0, least=0, most=65535)


# --- Language, time, files ----------------------------------------------------------------------

LANGUAGE_CODE = "en"
# Those whose every text is here; `static/js/lib/words/` has the ones of scripts.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Only what was built is served; the sources beside it are not.
STATICFILES_DIRS = [("dist", BASE_DIR / "static" / "dist")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 60 * 60 * 24 * 365
# esbuild's hash, or the storage's: a file with either in its name never changes.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/.+[-.]([0-9A-Z]{8}|[0-9a-f]{12})\.[a-z0-9.]+$"


# --- Chat ---------------------------------------------------------------------------------------

GRUMP_CATALOG = env.text("GRUMP_CATALOG")
GRUMP_LOCAL_MODEL = env.flag("GRUMP_LOCAL_MODEL", True)
GRUMP_SERVER = env.choice("GRUMP_SERVER", "daphne", {"daphne", "uvicorn"})
GRUMP_GUEST_PLAN = env.text("GRUMP_GUEST_PLAN", "guest")
GUESTS_PER_ADDRESS = env.integer("GUESTS_PER_ADDRESS", 10, least=1, most=1_000_000)

# Answers that were given before: whether they are kept, for how long, and whether one person may have
# another's (near matches across people tell what others asked).
ANSWER_CACHE = env.flag("ANSWER_CACHE", True)
ANSWER_CACHE_SECONDS = env.integer("ANSWER_CACHE_SECONDS", 86_400, least=1, most=31_536_000)
ANSWER_CACHE_SHARED = env.flag("ANSWER_CACHE_SHARED", False)
CACHE_WARMUP_ON_START = env.flag("CACHE_WARMUP_ON_START", True)
# Answers to questions that mean the same, and the share of them that may be wrong.
SEMANTIC_CACHE = env.flag("SEMANTIC_CACHE", True)
SEMANTIC_CACHE_ERROR = float(env.choice("SEMANTIC_CACHE_ERROR", "0.02", {"0.01", "0.02", "0.05", "0.1"}))
JOIN_SHARED = env.flag("JOIN_SHARED", False)

# Rails that questions and answers must pass: the address of a check of NeMo Guardrails, empty for none.
GUARDRAILS_URL = env.text("GUARDRAILS_URL")
if GUARDRAILS_URL and not GUARDRAILS_URL.startswith(("http://", "https://")):
    raise env.EnvError("GUARDRAILS_URL", "expected http:// or https://")
GUARDRAILS_API_KEY = env.text("GUARDRAILS_API_KEY")
GUARDRAILS_CONFIG = env.text("GUARDRAILS_CONFIG")
GUARDRAILS_MODEL = env.text("GUARDRAILS_MODEL", "main")
GUARDRAILS_RAILS = env.choice("GUARDRAILS_RAILS", "both", {"both", "input", "output"})
GUARDRAILS_ANSWERS = env.choice("GUARDRAILS_ANSWERS", "held", {"held", "shown"})
GUARDRAILS_AWAY = env.choice("GUARDRAILS_AWAY", "refuse", {"refuse", "pass"})
GUARDRAILS_TIMEOUT_MS = env.integer("GUARDRAILS_TIMEOUT_MS", 2_000, least=50, most=60_000)

# How satisfied somebody is, is asked after so many conversations, and at most once in so many days.
SATISFACTION_AFTER = env.integer("SATISFACTION_AFTER", 5, least=1, most=1_000_000)
SATISFACTION_DAYS = env.integer("SATISFACTION_DAYS", 30, least=1, most=3650)
# The share of pages whose timings are measured by their browsers.
BROWSER_TIMINGS_SAMPLE = env.integer("BROWSER_TIMINGS_PERCENT", 100, least=0, most=100) / 100

# What questions under answers, and answers made before they are asked for, may cost the house in a day;
# guests together at most a fifth of it. Zero turns both off.
LOOK_AHEAD_CENTS_A_DAY = env.integer("LOOK_AHEAD_CENTS_A_DAY", 100, least=0, most=10_000_000)

MAX_FRAMES_PER_MINUTE = env.integer("MAX_FRAMES_PER_MINUTE", 240, least=1, most=100_000)
# Open at once in one process: all, and one user's. More are told to come back later.
MAX_SOCKETS = env.integer("MAX_SOCKETS", 10_000, least=1, most=1_000_000)
MAX_SOCKETS_PER_USER = env.integer("MAX_SOCKETS_PER_USER", 100, least=1, most=1_000_000)
# After SIGTERM, for answers that are being written.
DRAIN_SECONDS = env.integer("DRAIN_SECONDS", 3 if DEVELOPMENT else 30, least=0, most=3600)
# A generation whose process has not written a heartbeat for this long is taken for dead.
HEARTBEAT_SECONDS = 5.0
HEARTBEAT_LOST_SECONDS = 15.0


# --- Logging ------------------------------------------------------------------------------------

LOG_FORMAT = env.choice("LOG_FORMAT", "line", {"line", "json"})
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "grump.operations.logs.RedactingFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
        "json": {"()": "grump.operations.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {
        "handlers": ["console"],
        "level": env.choice("LOG_LEVEL", "INFO", {"DEBUG", "INFO", "WARNING", "ERROR"}),
    },
    "loggers": {
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        # Scanners send foreign hosts all day; each is refused, and none is worth a traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "httpx": {"level": "WARNING"},
    },
}
