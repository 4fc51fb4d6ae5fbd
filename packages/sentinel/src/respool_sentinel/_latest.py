"""Which primary is the latest that anybody told of. Decides between sentinels; asks none.

Sentinels learn of a failover one after the other, and those that have not yet still name the old primary. The
configuration epoch tells them apart: it grows with every failover. A sentinel that names a server which itself says
that it is no primary is wrong, whatever its epoch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from respool_sentinel._views import Address, View, spell


class Latest:
    """The latest primary of every service that was asked for. `others` is how many fellows a sentinel must know."""

    def __init__(self, others: int = 0) -> None:
        self._others = others
        self._views: dict[str, View] = {}
        self._refuted: dict[tuple[str, Address], int] = {}
        self._confirmed: dict[str, Address] = {}

    def objection(self, service: str, view: View) -> str | None:
        """Say why a client should not be sent where `view` says; None if it should."""
        tilted = "is in TILT mode" if view.is_tilted else None
        return self.outdated(service, view) or view.trouble or self._lonely(view) or tilted

    def outdated(self, service: str, view: View) -> str | None:
        """Say what makes `view` older than what is known, or wrong; None if it is neither."""
        if self._is_refuted(service, view):
            return f"{spell(view.address)} said itself that it is no primary"
        if self._is_old(service, view):
            epoch = self._views[service].epoch
            return f"{spell(view.address)} was the primary in epoch {view.epoch}, it is {epoch} by now"
        if self._is_contradicted(service, view):
            confirmed = spell(self._confirmed[service])
            return f"{confirmed} is the primary in epoch {view.epoch}, and says so itself"
        return None

    def learn(self, service: str, view: View) -> Address | None:
        """Take `view` for the truth; return its address if that is news."""
        known = self._views.get(service)
        self._views[service] = view
        return view.address if known is None or known.address != view.address else None

    def address(self, service: str) -> Address | None:
        """Return where the latest primary is, as far as anybody told."""
        known = self._views.get(service)
        return known.address if known is not None else None

    def refute(self, service: str, address: Address) -> None:
        """Take note that the server at `address` says it is no primary: until another failover makes it one."""
        known = self._views.get(service)
        self._refuted[service, address] = known.epoch if known is not None else 0
        if self._confirmed.get(service) == address:
            del self._confirmed[service]

    def confirm(self, service: str, address: Address) -> None:
        """Take note that the server at `address` says it is a primary."""
        self._refuted.pop((service, address), None)
        self._confirmed[service] = address

    def credible(self, service: str, views: Sequence[View], asked: int) -> View | None:
        """Return what to believe when every answer was objected to; None for none.

        What most of the `asked` sentinels agree on stands although it is behind our count: then that was begun anew
        (SENTINEL RESET, new sentinels), or was some sentinel's invention. Otherwise the latest is tried once more.
        """
        sound = [view for view in views if view.trouble is None and self._lonely(view) is None]
        votes = Counter(view.address for view in sound if not self._is_refuted(service, view))
        agreed = [view for view in sound if votes[view.address] * 2 > asked]
        latest = max(agreed or sound, key=lambda view: view.epoch, default=None)
        return latest if agreed or latest is None or not self._is_old(service, latest) else None

    def _is_old(self, service: str, view: View) -> bool:
        known = self._views.get(service)
        return known is not None and view.epoch < known.epoch

    def _is_contradicted(self, service: str, view: View) -> bool:
        """Tell whether the one primary that there can be in an epoch is another."""
        known = self._views.get(service)
        return (
            known is not None
            and known.epoch == view.epoch
            and known.address != view.address
            and self._confirmed.get(service) == known.address
        )

    def _is_refuted(self, service: str, view: View) -> bool:
        return view.epoch <= self._refuted.get((service, view.address), -1)

    def _lonely(self, view: View) -> str | None:
        if view.others >= self._others:
            return None
        return f"knows {view.others} other sentinels, less than min_other_sentinels={self._others}"
