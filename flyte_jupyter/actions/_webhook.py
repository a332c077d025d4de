"""Sends JSON to a web address that a person named: by https, not into private networks, to nowhere else."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

from flyte_jupyter.actions._errors import ActionsError, InvalidConfigurationError, PassingError
from flyte_jupyter.actions._secrets import is_reference

_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def check_address(url: str, *, insecure: bool, private: bool = True) -> str:
    """The host that a webhook's address names.

    Args:
        url: The address.
        insecure: Whether http:// will do.
        private: Whether the number of a host in a private network will do; names are looked up when they are used.

    Raises:
        InvalidConfigurationError: It is no https:// address of a host, or not allowed.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise InvalidConfigurationError("A webhook is an address like https://host/path, or env:NAME of one.")
    if parts.scheme == "http" and not insecure:
        raise InvalidConfigurationError(
            f"The webhook at {host} is not encrypted.", "Use https://, or allow it with insecure=true."
        )
    if not private and (host == "localhost" or (_is_number(host) and not _is_public(host))):
        raise _in_private_network(host)
    return host


def shown_address(url: str) -> str:
    """What may be shown of a webhook: the reference, or the host; a path often is what gives access."""
    if is_reference(url):
        return url
    try:
        return check_address(url, insecure=True)
    except InvalidConfigurationError:
        return "(no address)"


async def post(url: str, body: Any, *, insecure: bool = False, private: bool = False) -> str:
    """POST a JSON body. Redirects are not followed, and the address that was checked is the one that is used.

    Args:
        url: The address.
        body: What is sent, as JSON.
        insecure: Allow http://.
        private: Allow addresses of this machine and of private networks.

    Returns:
        The host, for words: the rest of the address may be a secret.

    Raises:
        PassingError: It could not be reached, or asked to come back later.
        ActionsError: It refused, or did not answer.
        InvalidConfigurationError: The address is not allowed.
    """
    import httpx

    host = check_address(url, insecure=insecure)
    address = await _address(host, private=private)
    target = httpx.URL(url)
    request = {
        "url": target.copy_with(host=address),
        "headers": {"Host": target.netloc.decode("ascii")},
        "extensions": {"sni_hostname": target.raw_host.decode("ascii")},
        "json": body,
    }
    try:
        async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=30) as http:
            answer = await http.post(**request)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise PassingError(f"{host} cannot be reached: {type(error).__name__}.") from None
    except httpx.HTTPError as error:
        # It may have been received.
        raise ActionsError(f"{host} did not answer: {type(error).__name__}.") from None
    if answer.status_code == 429 or answer.status_code >= 500:
        raise PassingError(f"{host} answered {answer.status_code}.")
    if not answer.is_success:
        raise ActionsError(f"{host} answered {answer.status_code}.")
    return host


async def _address(host: str, *, private: bool) -> str:
    """An address of a host, if all of them may be used: names can be made to point anywhere.

    Raises:
        PassingError: The name cannot be resolved.
        InvalidConfigurationError: One of the addresses is private.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        raise PassingError(f"The name {host} cannot be resolved.") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(_is_public(address) for address in addresses):
        raise _in_private_network(host)
    return addresses[0]


def _in_private_network(host: str) -> InvalidConfigurationError:
    return InvalidConfigurationError(f"The webhook at {host} is in a private network.", "Allow that with private=true.")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if not (address in _UNICAST if inner is None else inner.is_global):
            return False
    return address.is_global and not address.is_multicast
