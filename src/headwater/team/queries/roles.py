"""The roles of this company: those that are delivered, as it changed them, and those of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from headwater.platform.actor import Actor, Visibility
from headwater.platform.custom.declared import roles_by_right
from headwater.platform.models import Event
from headwater.platform.written import written
from headwater.team.models import CompanyRole, Role, User
from headwater.team.rights import all_rights
from headwater.team.rules import RoleRights, differing, has_right, rights_of


@dataclass(frozen=True)
class KnownRole:
    """A role as it is today. ``row`` says what the company made of it; a delivered role as it came has none."""

    key: str
    name: str
    rights: RoleRights
    row: CompanyRole | None = None

    @property
    def base(self) -> str:
        """The delivered role it goes back to."""
        return self.row.base if self.row is not None else self.key

    @property
    def is_own(self) -> bool:
        """Whether the company made it itself."""
        return self.key not in Role.values

    @property
    def is_changed(self) -> bool:
        """Whether a delivered role is not as it was delivered."""
        row = self.row
        return row is not None and not self.is_own and bool(row.name or row.added or row.removed or row.visibility)

    @property
    def is_retired(self) -> bool:
        """Whether nobody can be given it any more."""
        return self.row is not None and self.row.retired_at is not None

    @property
    def visibility(self) -> Visibility:
        """How far it sees."""
        return Visibility(self.rights.visibility)

    @property
    def verbs(self) -> frozenset[str]:
        """What it may do, right by right."""
        return frozenset(verb for verb in all_rights() if has_right(self.rights, verb))


def known_roles(*, with_retired: bool = False) -> list[KnownRole]:
    """The roles there are: those delivered in their order, then those of the company's own by name. One query."""
    rows = {row.key: row for row in CompanyRole.objects.order_by("name", "pk")}
    found = [_delivered(key, rows.pop(key, None)) for key in Role.values]
    found += [KnownRole(row.key, row.name, rights_in(row), row) for row in rows.values()]
    return [role for role in found if with_retired or not role.is_retired]


def role_of(key: str) -> KnownRole | None:
    """The role of that key, retired or not."""
    row = None if key == Role.OWNER else CompanyRole.objects.filter(key=key).first()
    if key in Role.values:
        return _delivered(key, row)
    return KnownRole(row.key, row.name, rights_in(row), row) if row is not None else None


def role_names() -> dict[str, str]:
    """What roles are called, retired ones included. One query."""
    return {role.key: role.name for role in known_roles(with_retired=True)}


def role_choices() -> list[tuple[str, str]]:
    """The roles that somebody can be given."""
    return [(role.key, role.name) for role in known_roles()]


def rights_by_role(keys: Iterable[str]) -> dict[str, RoleRights]:
    """What roles may do today; one query, none where only the owner's is asked for. An unknown role may do nothing."""
    wanted = set(keys)
    asked = wanted - {Role.OWNER, ""}
    rows = {row.key: row for row in _company_roles(*sorted(asked))} if asked else {}
    return {key: rights_in(rows[key]) if key in rows else rights_of(key) for key in wanted}


@written
def _company_roles(*keys: str) -> QuerySet[CompanyRole]:
    return CompanyRole.objects.filter(key__in=keys)


def rights_to_fields(key: str, rights: RoleRights) -> frozenset[str]:
    """The rights to single fields of the company's own that a role has: because it was given them where the field is
    kept, or because it may do everything."""
    return frozenset(verb for verb, roles in roles_by_right().items() if key in roles or has_right(rights, verb))


def roles_that_may(verb: str) -> list[str]:
    """The roles that have a right today, wherever its rows are visible."""
    return [role.key for role in known_roles() if has_right(role.rights, verb)]


def holders() -> dict[str, int]:
    """How many people who work here have each role."""
    counted = User.objects.filter(is_active=True).values_list("role").annotate(Count("pk")).order_by()
    return dict(counted)


def role_changes(role: KnownRole, most: int = 20) -> list[tuple[Event, bool]]:
    """What was changed about a role, the newest first, and whether it was taken back."""
    if role.row is None:
        return []
    events = Event.objects.filter(subject_type="team.role", subject_id=role.row.pk).select_related("undone")
    return [(event, hasattr(event, "undone")) for event in events.order_by("-pk")[:most]]


def rights_in(row: CompanyRole) -> RoleRights:
    """What a changed role or one of the company's own may do."""
    base = rights_of(row.base)
    visibility = row.visibility or base.visibility
    if not row.added and not row.removed and visibility == base.visibility:
        return base
    known = frozenset(all_rights())
    return differing(base, frozenset(row.added), frozenset(row.removed), Visibility(visibility).value, known)


def covers(actor: Actor, rights: RoleRights) -> bool:
    """Whether somebody has every right of a role themselves, and sees at least as far."""
    if not actor.visibility.covers(Visibility(rights.visibility)):
        return False
    return all(actor.may(verb) for verb in all_rights() if has_right(rights, verb))


def _delivered(key: str, row: CompanyRole | None) -> KnownRole:
    name = row.name if row is not None and row.name else str(Role(key).label)
    return KnownRole(key, name, rights_in(row) if row is not None else rights_of(key), row)
