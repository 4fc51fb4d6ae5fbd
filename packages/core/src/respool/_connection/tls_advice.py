"""What to say, and do, about a TLS connection that could not be opened. Knows no sockets and no settings."""

from __future__ import annotations

import errno
from ssl import SSLCertVerificationError, SSLError

from respool.errors import ConnectionError

_ADVICE = {
    9: "its certificate is not valid yet: is this machine's clock right?",
    10: "its certificate has expired: renew it, or set this machine's clock",
    18: "it vouches for itself, and nobody else does: name its certificate in ssl_ca_certs",
    19: "its authority is none that we trust: name the authority's certificate in ssl_ca_certs",
    20: "its authority is none that we trust: name the authority's certificate in ssl_ca_certs",
    62: "its certificate is for other names: connect under one of those, or say one as ssl_server_hostname",
    64: "its certificate is not for this address: connect by name, or say the name as ssl_server_hostname",
}
"""What to do, by OpenSSL's number for what is wrong with a certificate (X509_V_ERR_...)."""

_NO_TLS = "it does not speak TLS on this port: use its port for TLS, or no TLS (redis://, ssl=False)"
_HUNG_UP = (
    "it hung up in the TLS handshake: does it speak TLS on this port, or want a certificate (ssl_certfile)?"
)
_REFUSES_US = (
    "it refuses us: it wants a certificate of ours that it trusts (ssl_certfile), or another version of TLS"
)
_REFUSALS = (
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "TLSV1_ALERT_UNKNOWN_CA",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
)
"""What a server says when it will not have us, as OpenSSL names it."""

_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG")


def explained(error: OSError, where: str) -> Exception | None:
    """Return what to raise in place of `error`, which came up while TLS was opened to `where`; None: it says it all.

    What another server of the same kind might do better stays an `OSError`.
    """
    if isinstance(error, SSLError):
        return ConnectionError(f"no TLS connection to {where}: {_advice(error)}")
    if isinstance(error, ConnectionResetError):
        return ConnectionResetError(errno.ECONNRESET, _HUNG_UP)
    return None


def _advice(error: SSLError) -> str:
    if isinstance(error, SSLCertVerificationError) and error.verify_code in _ADVICE:
        return f"{_ADVICE[error.verify_code]} ({error.verify_message})"
    reason = getattr(error, "reason", None)  # not every one has it
    if reason in _NOT_TLS:
        return f"{_NO_TLS} ({error.strerror or error})"
    if reason in _REFUSALS:
        return f"{_REFUSES_US} ({error.strerror or error})"
    return error.strerror or str(error)
