"""CLIENT TRACKING and what belongs to it.

https://redis.io/docs/latest/commands/client-tracking/
"""

from __future__ import annotations

from typing import Final

from respool_testing.replies import OK, Map, Reply, Set

from ..arguments import integer, switch
from ..call import Call
from ..errors import CommandError, syntax_error
from ..registry import Family
from ..session import Tracking

family = Family("connection")

_OWN: Final = "noscript loading stale"
_SWITCHED: Final = (
    "ERR You can't switch {} mode on/off before disabling tracking for this client, "
    "and then re-enabling it with a different mode."
)
_NOT_OPTIONAL: Final = (
    "ERR CLIENT CACHING can be called only when the client is in tracking mode "
    "with OPTIN or OPTOUT mode enabled"
)


@family.command("client|tracking", arity=-3, flags=_OWN, since="6.0.0")
def client_tracking(call: Call) -> Reply:
    wanted = _read(call)
    if not switch(call.args[0]):
        call.session.tracking = None
        return OK
    _check(wanted, call.session.tracking)
    if wanted.broadcast:
        known = () if call.session.tracking is None else call.session.tracking.prefixes
        wanted.prefixes = tuple(dict.fromkeys((*known, *(wanted.prefixes or (b"",)))))
    call.session.tracking = wanted
    return OK


@family.command("client|caching", arity=3, flags=_OWN, since="6.0.0")
def client_caching(call: Call) -> Reply:
    tracking, word = call.session.tracking, call.args[0].upper()
    if tracking is None:
        raise CommandError(_NOT_OPTIONAL)
    if word not in (b"YES", b"NO"):
        raise syntax_error()
    if word == b"YES" and not tracking.opt_in:
        raise CommandError("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
    if word == b"NO" and not tracking.opt_out:
        raise CommandError("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
    tracking.caching = True
    return OK


@family.command("client|getredir", arity=2, flags=_OWN, since="6.0.0")
def client_getredir(call: Call) -> Reply:
    return -1 if call.session.tracking is None else call.session.tracking.redirect


@family.command("client|trackinginfo", arity=2, flags=_OWN, since="6.2.0")
def client_trackinginfo(call: Call) -> Reply:
    tracking = call.session.tracking
    if tracking is None:
        return Map.of(flags=Set([b"off"]), redirect=-1, prefixes=[])
    flags = {
        b"on": True,
        b"bcast": tracking.broadcast,
        b"optin": tracking.opt_in,
        b"caching-yes": tracking.opt_in and tracking.caching,
        b"optout": tracking.opt_out,
        b"caching-no": tracking.opt_out and tracking.caching,
        b"noloop": tracking.no_loop,
        b"broken_redirect": tracking.broken,
    }
    return Map.of(
        flags=Set([flag for flag, holds in flags.items() if holds]),
        redirect=tracking.redirect,
        prefixes=list(tracking.prefixes),
    )


def _read(call: Call) -> Tracking:
    tracking = Tracking()
    words = list(call.args[1:])
    while words:
        option = words.pop(0).upper()
        if option == b"REDIRECT" and words:
            tracking.redirect = _redirect(call, words.pop(0), tracking.redirect)
        elif option == b"PREFIX" and words:
            tracking.prefixes = (*tracking.prefixes, words.pop(0))
        elif option == b"BCAST":
            tracking.broadcast = True
        elif option == b"OPTIN":
            tracking.opt_in = True
        elif option == b"OPTOUT":
            tracking.opt_out = True
        elif option == b"NOLOOP":
            tracking.no_loop = True
        else:
            raise syntax_error()
    return tracking


def _redirect(call: Call, text: bytes, already: int) -> int:
    if already:
        raise CommandError("ERR A client can only redirect to a single other client")
    target = integer(text)
    if target not in call.server.sessions:
        raise CommandError("ERR The client ID you want redirect to does not exist")
    return target


def _check(wanted: Tracking, current: Tracking | None) -> None:
    """Refuse options that exclude each other, or that cannot be changed while tracking is on."""
    if wanted.prefixes and not wanted.broadcast:
        raise CommandError("ERR PREFIX option requires BCAST mode to be enabled")
    if current is not None and current.broadcast != wanted.broadcast:
        raise CommandError(_SWITCHED.format("BCAST"))
    if wanted.broadcast and (wanted.opt_in or wanted.opt_out):
        raise CommandError("ERR OPTIN and OPTOUT are not compatible with BCAST")
    if wanted.opt_in and wanted.opt_out:
        raise CommandError("ERR You can't specify both OPTIN mode and OPTOUT mode")
    if current is not None and ((wanted.opt_in and current.opt_out) or (wanted.opt_out and current.opt_in)):
        raise CommandError(_SWITCHED.format("OPTIN/OPTOUT").replace(" on/off", ""))
    _check_overlap(wanted.prefixes, () if current is None else current.prefixes)


def _check_overlap(new: tuple[bytes, ...], old: tuple[bytes, ...]) -> None:
    for number, prefix in enumerate(new):
        others = [(other, "an existing") for other in sorted(old)]
        others += [(other, "another provided") for other in new[number + 1 :]]
        for other, which in others:
            if prefix.startswith(other) or other.startswith(prefix):
                raise CommandError(
                    f"ERR Prefix '{prefix.decode('latin-1')}' overlaps with {which} prefix "
                    f"'{other.decode('latin-1')}'. Prefixes for a single client must not overlap."
                )
