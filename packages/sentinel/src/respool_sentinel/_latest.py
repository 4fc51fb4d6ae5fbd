"""Which primary is the latest that anybody told of. Decides between sentinels; asks none.

Sentinels learn of a failover one after the other, and those that have not yet still name the old primary. The
configuration epoch tells them apart: it grows with every failover.
"""

from __future__ import annotations

from collections.abc import Iterable

from respool_sentinel._views import Address, View, spell


class Latest:
    """The latest primary of every service that was asked for."""

    def __init__(self) -> None:
        self._views: dict[str, View] = {}

    @property
    def services(self) -> list[str]:
        return list(self._views)

    def objection(self, service: str, view: View) -> str | None:
        """Say why a client should not be sent where `view` says; None if it should."""
        return self.outdated(service, view) or view.trouble

    def outdated(self, service: str, view: View) -> str | None:
        """Say what makes `view` older than what is known; None if it is not."""
        known = self._views.get(service)
        if known is None or view.epoch >= known.epoch:
            return None
        return f"{spell(view.address)} was the primary in epoch {view.epoch}, it is {known.epoch} by now"

    def learn(self, service: str, view: View) -> Address | None:
        """Take `view` for the truth; return its address if that is news."""
        known = self._views.get(service)
        self._views[service] = view
        return view.address if known is None or known.address != view.address else None


def newest(views: Iterable[View]) -> View | None:
    """Return what to believe when every sentinel was objected to.

    If none is up to date by our count, then the count was begun anew (SENTINEL RESET, new sentinels), and the
    highest that is left stands.
    """
    sound = [view for view in views if view.trouble is None]
    return max(sound, key=lambda view: view.epoch, default=None)
