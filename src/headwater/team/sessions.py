"""Where sessions are kept: in rows that say whose they are, so that people can see and end them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import CharField, DateTimeField, QuerySet

from headwater.platform.clock import now
from headwater.platform.written import Given, written

if TYPE_CHECKING:
    from headwater.team.models import Session

ADDRESS, AGENT, STARTED = "address", "agent", "started"
VOUCHED = "vouched"  # the provider asked for a second factor
PRECISION = timedelta(minutes=5)


@written
def _running() -> QuerySet[Session]:
    key, at = Given("key", CharField()), Given("at", DateTimeField())
    return SessionStore.get_model_class().objects.filter(session_key=key, expire_date__gt=at)


class SessionStore(DatabaseStore):
    """Django's sessions in the database, with the person, the place and the times beside them."""

    row: Session | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The rows."""
        return apps.get_model("team", "Session")

    def load(self) -> dict[str, Any]:
        """What the session holds; its row is kept, to know when it was last used without asking again."""
        self.row = next(iter(_running(key=self.session_key, at=now())), None)
        if self.row is None:
            self._session_key = None
        return self.decode(self.row.session_data) if self.row else {}

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row to be stored."""
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]
        at = now()
        started = data.get(STARTED)
        row.user_id = int(data["_auth_user_id"]) if "_auth_user_id" in data else None
        row.address, row.agent = data.get(ADDRESS, ""), data.get(AGENT, "")
        row.started_at = datetime.fromisoformat(started) if started else at
        row.seen_at = at
        return row

    def is_stale(self, at: datetime) -> bool:
        """Whether it is some minutes since the row was told that the session is in use."""
        return self.row is not None and self.row.user_id is not None and self.row.seen_at < at - PRECISION
