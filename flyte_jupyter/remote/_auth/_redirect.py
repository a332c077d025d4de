"""What a browser brings back from a login."""

from __future__ import annotations

from urllib.parse import urlsplit

from flyte_jupyter.remote._auth._http import RefusalError


class NotOursError(Exception):
    """It does not belong to this login; its text says what is wrong with it."""


def code_of(address: str, state: str, host: str) -> str:
    """The authorization code in the address that a browser was sent to.

    Args:
        address: The address, or its path with the query.
        state: What this login was begun with.
        host: Who sent the browser, for errors.

    Raises:
        NotOursError: It is no answer, or that to another login.
        RefusalError: The answer is no.
    """
    from oauthlib.oauth2 import OAuth2Error
    from oauthlib.oauth2.rfc6749.errors import MismatchingStateError, MissingCodeError
    from oauthlib.oauth2.rfc6749.parameters import parse_authorization_code_response

    try:
        query = urlsplit(address.strip()).query
    except ValueError:
        raise NotOursError("That is no address.") from None
    try:
        # oauthlib wants https of the address, which is on this machine.
        answer = parse_authorization_code_response(f"https://localhost/?{query}", state)
    except MismatchingStateError:
        if "state=" in query:
            raise NotOursError("That answer belongs to another login.") from None
        raise NotOursError("That is not the address to which the login leads in the end.") from None
    except MissingCodeError:
        # The login page itself, for example.
        raise NotOursError("That is not the address to which the login leads in the end.") from None
    except OAuth2Error as error:
        raise RefusalError(str(error.error), str(error.description or ""), host) from None
    return str(answer["code"])
