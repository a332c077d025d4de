"""TLS: whom we trust, and what a refused certificate means, in a sentence."""

from __future__ import annotations

import ssl
from pathlib import Path

from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import ConnectionFailedError, InvalidArgumentError
from flyte_jupyter.remote._settings import Settings

# Where systems keep the certificates that they trust, besides the place that OpenSSL knows of.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

_NO_CHECK = "insecure_skip_verify=True connects without the check."

# What gRPC, rustls and Python's ssl say, and what it means. The first that fits counts.
_PROBLEMS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("certificate has expired", "certificate expired"),
        "The certificate of {} has expired.",
        f"Have it renewed, or check this machine's clock. {_NO_CHECK}",
    ),
    (
        ("not yet valid", "not valid yet"),
        "The certificate of {} is not valid yet.",
        f"Check this machine's clock. {_NO_CHECK}",
    ),
    (
        ("Hostname Verification Check failed", "not valid for name", "Peer name"),
        "The certificate that {} shows was made for another name.",
        f"Connect to the name that it was made for. {_NO_CHECK}",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "invalid peer certificate"),
        "The certificate of {} was signed by nobody that is trusted here.",
        f"Give the authority that signed it with ca_cert_file_path (a PEM file). {_NO_CHECK}",
    ),
    (
        ("WRONG_VERSION_NUMBER", "InvalidContentType"),
        "{} does not speak TLS.",
        "Connect with insecure=True, or to http://..., if it is meant to be plain text.",
    ),
)


def tls_error(text: str, endpoint: Endpoint) -> ConnectionFailedError | None:
    """The error for what a wire said of a connection, None if it was not about TLS.

    Args:
        text: The words of gRPC, rustls or Python's ssl.
        endpoint: The backend.
    """
    for symptoms, sentence, hint in _PROBLEMS:
        if any(symptom in text for symptom in symptoms):
            return ConnectionFailedError(sentence.format(endpoint.authority), hint, "UNAVAILABLE")
    return None


def authorities(settings: Settings) -> bytes | None:
    """The PEM certificates of the CA file, None where none is set. Reads a file: not for an event loop.

    Raises:
        InvalidArgumentError: The file cannot be read, or has no certificate.
    """
    if not settings.ca_cert_file_path:
        return None
    try:
        pem = Path(settings.ca_cert_file_path).expanduser().read_bytes()
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem.decode("ascii", "replace"))
    except (OSError, ValueError, RuntimeError) as error:
        reason = "it holds no certificate in PEM form"
        if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
            reason = error.strerror
        raise InvalidArgumentError(
            f"The CA file {settings.ca_cert_file_path!r} cannot be used: {reason}.",
            "Check ca_cert_file_path (admin.caCertFilePath).",
        ) from None
    return pem


def system_authorities() -> bytes | None:
    """The PEM certificates that this system trusts, None where they are not kept in a file. Reads a file.

    gRPC brings a list of its own, which knows nothing of the authorities of a company.
    """
    known = ssl.get_default_verify_paths().cafile
    for bundle in (known, *_BUNDLES) if known else _BUNDLES:
        try:
            return Path(bundle).read_bytes()
        except OSError:
            continue
    return None
