"""The company, its teams and who works there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password

from headwater.demo import company as plan
from headwater.demo.desk import Desk
from headwater.demo.events import DemoBegun
from headwater.demo.writing.book import SYSTEM, Book
from headwater.platform.bulk import insert_rows, reserve_ids
from headwater.platform.events import json_value, record
from headwater.team.events import TeamAdded, UserAdded, UserDeactivated
from headwater.team.models import Company, Role, Team, User

SETTINGS = ("name", "currency", "time_zone", "country", "answer_minutes", "handover_hours", "setup_done_at")


def write_team(book: Book, desk: Desk, *, at: datetime, password: str | None) -> None:
    """Kestrel takes the place of the company; its people can sign in with ``password``, or not at all without."""
    company, _ = Company.objects.select_for_update().get_or_create(pk=1, defaults={"name": ""})
    former = {name: json_value(getattr(company, name)) for name in SETTINGS}
    company.name, company.currency, company.time_zone, company.country = (
        plan.NAME, plan.CURRENCY, plan.ZONE, plan.COUNTRY,
    )  # fmt: skip
    company.answer_minutes, company.handover_hours, company.is_demo = plan.ANSWER_MINUTES, plan.HANDOVER_HOURS, True
    if password is not None:
        company.setup_digest, company.setup_done_at = "", at
    company.save()
    _teams(book, at)
    added = _users(book, desk, at=at, password=password)
    record(DemoBegun(company_id=company.pk, former=former, user_ids=added), by=SYSTEM, at=at)


def _teams(book: Book, at: datetime) -> None:
    known = {team.name.casefold(): team.pk for team in Team.objects.all()}
    ids: dict[str, int] = {}
    for name, parent in plan.TEAMS:
        pk = known.get(name.casefold())
        if pk is None:
            pk = Team.objects.create(name=name, parent_id=ids.get(parent)).pk
            book.tell(at, 0, TeamAdded(team_id=pk, name=name))
        ids[name] = pk
    book.teams = list(ids.values())


def _users(book: Book, desk: Desk, *, at: datetime, password: str | None) -> list[int]:
    """Whoever signs in with one of these e-mails already stays as they are."""
    known = {email.lower(): pk for email, pk in User.objects.values_list("email", "pk")}
    fresh = [colleague for colleague in plan.STAFF if colleague.email not in known]
    ids = dict(zip((c.email for c in fresh), reserve_ids(User, len(fresh)), strict=True))
    secret = make_password(password)  # one hash for all: forty of them would take most of the time
    rows: list[tuple[Any, ...]] = []
    for number, colleague in enumerate(plan.STAFF, 1):
        pk = ids.get(colleague.email)
        if pk is None:
            continue
        since, left = desk.since[number - 1], desk.left[number - 1]
        rows.append(
            (pk, colleague.email, colleague.name, colleague.role, book.team(desk.team(number)), "", left is None,
             since, secret, None)
        )  # fmt: skip
        role = str(Role(colleague.role).label)
        book.tell(since, 0, UserAdded(user_id=pk, name=colleague.name, email=colleague.email, role=role))
        if left is not None:
            book.tell(left, 0, UserDeactivated(user_id=pk))
    insert_rows(
        User,
        ("id", "email", "name", "role", "team_id", "time_zone", "is_active", "created_at", "password", "last_login"),
        rows,
    )
    book.knows([ids.get(c.email) or known[c.email] for c in plan.STAFF], [c.name for c in plan.STAFF])
    return list(ids.values())
