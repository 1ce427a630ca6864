"""What plans, quotas and the API keep. One table a file."""

from usage.models.api_call import ApiCall
from usage.models.api_key import ApiKey

__all__ = ["ApiCall", "ApiKey"]
