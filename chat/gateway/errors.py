"""The gateway's errors. Foreign errors are translated into these at one seam: `providers/http.py`
for the wire, a dialect's `error()` for what a provider says.

    GatewayError                      code                    retryable  switches candidate
    ├── ProviderUnavailable           provider_unavailable    yes        yes
    │   ├── ConnectFailed             (refused, DNS, TLS)
    │   ├── FirstTokenTimeout         (no meaningful event in time)
    │   ├── IdleTimeout               (silence between two tokens)
    │   ├── Truncated                 (the stream ended without its terminal marker)
    │   ├── GarbledStream             (bytes that are not the dialect)
    │   ├── UpstreamFailed            (5xx, an error event in mid-stream)
    │   ├── UpstreamRateLimited       (429; carries retry_after_s)
    │   ├── UpstreamRejectedKey       (401, 402, 403: not this provider, perhaps another)
    │   ├── ModelMissing              (404: the provider does not know the model)
    │   └── BreakerOpen               (not even tried)
    ├── DeadlineExceeded              provider_unavailable    no         no
    ├── Overloaded                    overloaded              no         yes    (our own queue is full)
    ├── ContextTooLong                context_too_long        no         only to a larger window
    ├── ContentFiltered               content_filtered        no         no
    ├── GuardrailBlocked              blocked                 no         no     (a rule of the installation)
    ├── GuardrailsAway                unchecked               no         no     (and nothing passes without)
    ├── BadRequest                    bad_frame               no         no     (the user's own error)
    └── UnknownModel                  not_found               no         no     (not in the catalogue)
"""


class GatewayError(Exception):
    """`code` is one of the protocol's codes, `message` a sentence for the user (never a secret, never a
    provider's raw body), `retry_after_s` seconds to wait where known."""

    code = "internal"
    retryable = False  # the same candidate may be asked again
    switches = False  # another candidate may be asked

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s


class ProviderUnavailable(GatewayError):
    code = "provider_unavailable"
    retryable = True
    switches = True


class ConnectFailed(ProviderUnavailable): ...


class FirstTokenTimeout(ProviderUnavailable): ...


class IdleTimeout(ProviderUnavailable): ...


class Truncated(ProviderUnavailable): ...


class GarbledStream(ProviderUnavailable): ...


class UpstreamFailed(ProviderUnavailable): ...


class UpstreamRateLimited(ProviderUnavailable): ...


class UpstreamRejectedKey(ProviderUnavailable):
    retryable = False


class ModelMissing(ProviderUnavailable):
    retryable = False


class BreakerOpen(ProviderUnavailable):
    retryable = False


class DeadlineExceeded(GatewayError):
    code = "provider_unavailable"


class Overloaded(GatewayError):
    code = "overloaded"
    switches = True


class ContextTooLong(GatewayError):
    code = "context_too_long"

    def __init__(self, message: str, *, prompt_tokens: int | None = None, window: int | None = None) -> None:
        super().__init__(message)
        self.prompt_tokens = prompt_tokens
        self.window = window


class ContentFiltered(GatewayError):
    code = "content_filtered"


class GuardrailBlocked(GatewayError):
    code = "blocked"


class GuardrailsAway(GatewayError):
    code = "unchecked"


class BadRequest(GatewayError):
    code = "bad_frame"


class ModelNotAllowed(GatewayError):
    """The plan of whoever asks does not have it, nor any other that could answer."""

    code = "model_not_allowed"


class UnknownModel(GatewayError):
    code = "not_found"
