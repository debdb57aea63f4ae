"""People for tests of accounts, all with the same password."""

from __future__ import annotations

from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.team.actions import accounts
from headwater.team.models import User

PASSWORD = "seven grey herons"
SYSTEM = job_actor("test")


def add(role: str, email: str) -> User:
    return accounts.add_user(email=email, name=email[:3].title(), role=role, password=PASSWORD, by=SYSTEM, at=now())
