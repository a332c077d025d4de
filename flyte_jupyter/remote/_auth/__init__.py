"""Who we are to a backend: the headers that go with every request, and how they are renewed."""

from flyte_jupyter.remote._auth._base import Authenticator, Headers, together
from flyte_jupyter.remote._auth._build import authenticator, proxy_authenticator
from flyte_jupyter.remote._auth._passthrough import auth_metadata

__all__ = ["Authenticator", "Headers", "auth_metadata", "authenticator", "proxy_authenticator", "together"]
