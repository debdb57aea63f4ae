"""The demo company comes off again: its own rows go, what people added stays, and what that hangs on with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models import ForeignKey, Model, Q
from django.utils.dateparse import parse_datetime

from headwater.demo.events import DemoBegun, DemoLoaded, DemoRemoved
from headwater.demo.nouns import NOUNS, Extent, Noun, subjects
from headwater.demo.writing.book import SYSTEM
from headwater.measure import mirror
from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.bulk import PART, in_parts
from headwater.platform.errors import Conflict
from headwater.platform.events import record
from headwater.platform.models import DeadLetter, Event, EventPersonal, ExternalId, Job, Span, Undone
from headwater.platform.translated import noted
from headwater.team.models import ApiToken, Company, Team, User
from headwater.tell.models import Digest, Mail, News, NewsChoice

KEPT_TOLD = 500
WORKED_ON = "somebody has worked on it since"
BY_PEOPLE = "job:command line"

Progress = Callable[[int, int, str], None]


class NoDemo(Conflict):
    """What is here is not the demo company, and is never removed as a whole."""

    code: ClassVar[str] = "no_demo"
    message: ClassVar[str] = "There is no demo company here that could come off."


@dataclass
class Removed:
    """What went, how much of it, and what stays with the reason."""

    removed: dict[str, int] = field(default_factory=dict)
    kept: list[dict[str, Any]] = field(default_factory=list)
    kept_count: int = 0

    def stays(self, noun: Noun, rows: Mapping[int, str], reasons: Mapping[int, str]) -> None:
        """Note rows that stay, by id with their names, and why."""
        self.kept_count += len(rows)
        self.kept += [
            {"kind": noun.label, "id": pk, "title": title, "reason": reasons[pk]}
            for pk, title in islice(rows.items(), max(0, KEPT_TOLD - len(self.kept)))
        ]

    def as_json(self) -> dict[str, Any]:
        """The report as ``docs/cli.md`` describes it."""
        return {"removed": self.removed, "kept": self.kept, "kept_count": self.kept_count}


def can_remove_demo() -> bool:
    """Whether this installation holds the demo company, so that it can come off."""
    return Company.objects.filter(pk=1, is_demo=True).exists() and _begun() is not None


def remove_demo(*, by: Actor, at: datetime, on_progress: Progress | None = None) -> Removed:
    """Take the demo company's own rows out again, step by step; killed half-way, it goes on when called again.

    What people added stays. Of the demo company stays what they worked on and what that needs. Colleagues whose work
    stays can no longer sign in. The company has its own settings again, except those changed since.

    Raises:
        NotAllowed: the actor may not change the company.
        NoDemo: this is not the demo company.
    """
    by.require("team.company.change")
    if not can_remove_demo():
        raise NoDemo()
    return _clear(by=by, at=at, say=on_progress or _silent)


def remove_unfinished(*, at: datetime) -> None:
    """Clear away what a load left that was killed; a finished demo company stays."""
    if can_remove_demo() and not Event.objects.filter(verb=DemoLoaded.verb).exists():
        _clear(by=SYSTEM, at=at, say=_silent)


def _clear(*, by: Actor, at: datetime, say: Progress) -> Removed:
    begun = _begun()
    assert begun is not None
    extent, report = Extent(begun), Removed()
    steps = len(NOUNS) + 3
    # Each step takes out whole rows with all that hangs on them, and asks in the same transaction what still points
    # at them; so nothing is left pointing at nothing. Checking each row on SQLite would take minutes.
    with connection.constraint_checks_disabled():
        for number, noun in enumerate(NOUNS):
            say(number, steps, noun.plural)
            _remove_noun(noun, extent, report)
        say(len(NOUNS), steps, noted("history"))
        _remove_history(extent)
        say(len(NOUNS) + 1, steps, noted("colleagues"))
        _finish(extent, report, by=by, at=at)
    mirror.discard()
    say(steps, steps, "")
    return report


def _begun() -> Event | None:
    return Event.objects.filter(verb=DemoBegun.verb).order_by("-pk").first()


# ---------------------------------------------------------------- rows


@action
def _remove_noun(noun: Noun, extent: Extent, report: Removed) -> None:
    rows = noun.model._default_manager.filter(extent.of(noun.model))
    ours = set(rows.values_list("pk", flat=True))
    if not ours:
        return
    staying = _reasons(noun, extent, ours)
    going = sorted(ours - staying.keys())
    for part in noun.parts:
        for name in part.of:
            for ids in in_parts(going):
                part.model._default_manager.filter(**{f"{name}__in": ids})._raw_delete("default")
    for ids in in_parts(going):
        noun.model._default_manager.filter(pk__in=ids)._raw_delete("default")
    report.removed[noun.model._meta.db_table] = len(going)
    titles = {pk: str(row) for part in in_parts(sorted(staying)) for pk, row in rows.in_bulk(part).items()}
    report.stays(noun, titles, staying)


def _reasons(noun: Noun, extent: Extent, ours: set[int]) -> dict[int, str]:
    """Which rows of the demo stay, and why: worked on, or needed by something that stays."""
    staying = dict.fromkeys(_worked_on(noun.subjects, extent, ours), WORKED_ON)
    if any(f.name == "deleted_at" for f in noun.model._meta.concrete_fields):
        gone = noun.model._default_manager.filter(extent.of(noun.model), deleted_at__isnull=False)
        for pk in gone.values_list("pk", flat=True):
            staying.pop(pk, None)
    parts = {part.model: part for part in noun.parts}
    for relation in _relations_to(noun.model):
        holder, name = relation.model, relation.attname
        pointing = holder._default_manager.filter(extent.of(noun.model, name))
        if holder is noun.model:
            pointing = pointing.exclude(extent.of(holder))
        elif (part := parts.get(holder)) is not None:
            touched = _worked_on(part.subjects, extent, None)
            pointing = pointing.filter(~extent.of(holder) | Q(pk__in=list(touched)))
        reason = f"a {holder._meta.verbose_name} that stays belongs to it"
        for pk in pointing.values_list(name, flat=True).distinct():
            staying.setdefault(pk, reason)
    return _with_needs(noun, extent, staying) if staying else staying


def _with_needs(noun: Noun, extent: Extent, staying: dict[int, str]) -> dict[int, str]:
    """What rows that stay need of their own kind: the employer of a person, the company of a touch."""
    own = [relation.attname for relation in _relations_to(noun.model) if relation.model is noun.model]
    fresh = set(staying)
    while fresh:
        needed: set[int] = set()
        for ids in in_parts(sorted(fresh)):
            for name in own:
                needed |= set(noun.model._default_manager.filter(pk__in=ids).values_list(name, flat=True))
            for part in noun.parts:
                for name in part.need:
                    of = part.model._default_manager.filter(**{f"{part.of[0]}__in": ids})
                    needed |= set(of.values_list(name, flat=True))
        fresh = {pk for pk in needed if pk is not None and extent.holds(noun.model, pk)} - staying.keys()
        staying |= dict.fromkeys(fresh, f"a {noun.label} that stays needs it")
    return staying


def _worked_on(kinds: Sequence[str], extent: Extent, ids: Collection[int] | None) -> set[int]:
    """Rows that people did something to; what the company's own clockwork did to them does not count."""
    events = Event.objects.filter(subject_type__in=kinds, pk__gte=extent.begun.pk).exclude(request_id__in=extent.units)
    events = events.exclude(Q(actor__startswith="job:") & Q(batch_id=None) & ~Q(actor=BY_PEOPLE))
    found = set(events.values_list("subject_id", flat=True).distinct())
    return found if ids is None else found & set(ids)


def _relations_to(model: type[Model]) -> Iterator[ForeignKey[Any, Any]]:
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one):
            key = getattr(relation, "field", None)
            if isinstance(key, ForeignKey):
                yield key


# ---------------------------------------------------------------- what was told about them


def _remove_history(extent: Extent) -> None:
    of = subjects()
    left: dict[str, set[int]] = {
        kind: set(model._default_manager.filter(extent.of(model)).values_list("pk", flat=True))
        for kind, model in of.items()
    }

    def is_gone(kind: str, pk: int) -> bool:
        return kind in of and extent.holds(of[kind], pk) and pk not in left[kind]

    events = Event.objects.filter(pk__gte=extent.begun.pk).exclude(pk__in=extent.milestones)
    found = events.values_list("pk", "subject_type", "subject_id", "request_id").order_by("pk")
    going = [
        pk
        for pk, kind, subject, unit in found.iterator(chunk_size=PART)
        if is_gone(kind, subject) or (unit in extent.units and kind not in of)
    ]
    for ids in in_parts(going):
        _remove_events(ids)
    told = Span.objects.filter(subject_type__in=list(of)).values_list("pk", "subject_type", "subject_id")
    _remove_rows(Span, [pk for pk, kind, subject in told.iterator(chunk_size=PART) if is_gone(kind, subject)])
    named = ExternalId.objects.filter(kind__in=list(of)).values_list("pk", "kind", "object_id")
    _remove_rows(ExternalId, [pk for pk, kind, subject in named.iterator(chunk_size=PART) if is_gone(kind, subject)])


@action
def _remove_events(ids: Sequence[int]) -> None:
    EventPersonal.objects.filter(event_id__in=ids)._raw_delete("default")
    Undone.objects.filter(event_id__in=ids)._raw_delete("default")
    DeadLetter.objects.filter(event_id__in=ids)._raw_delete("default")
    Event.objects.filter(pk__in=ids)._raw_delete("default")


@action
def _remove_rows(model: type[Model], ids: Sequence[int]) -> None:
    for part in in_parts(ids):
        model._default_manager.filter(pk__in=part)._raw_delete("default")


# ---------------------------------------------------------------- the company


@action
def _finish(extent: Extent, report: Removed, *, by: Actor, at: datetime) -> None:
    report.removed[User._meta.db_table] = _remove_people(extent.begun, by)
    _restore(extent.begun)
    _remove_events(extent.milestones)
    Job.objects.filter(kind="demo.load").exclude(state=Job.State.RUNNING).delete()
    record(DemoRemoved(company_id=1, kept=report.kept_count), by=by, at=at)


def _remove_people(begun: Event, by: Actor) -> int:
    """The demo's colleagues go. Who owns what stays is let go; whoever removes it, and the last owner, stay."""
    going = User.objects.filter(pk__in=begun.data["user_ids"]).exclude(pk=by.user_id or 0)
    if not User.objects.exclude(pk__in=going.values("pk")).filter(role="OWNER", is_active=True).exists():
        owner = going.filter(role="OWNER").order_by("pk").first()
        going = going.exclude(pk=owner.pk if owner else 0)
    ids = set(going.values_list("pk", flat=True))
    ApiToken.objects.filter(user_id__in=ids).delete()
    for told in (News, NewsChoice, Digest):  # what somebody was told keeps nobody here
        told._default_manager.filter(user_id__in=ids).delete()
    News.objects.filter(who_id__in=ids).update(who=None)
    Mail.objects.filter(user_id__in=ids).update(user=None)
    needed: set[int] = set()
    for relation in _relations_to(User):
        pointing = relation.model._default_manager.filter(**{f"{relation.attname}__in": ids})
        needed |= set(pointing.values_list(relation.attname, flat=True).distinct())
    User.objects.filter(pk__in=needed).update(is_active=False, password=make_password(None))
    User.objects.filter(pk__in=ids - needed).delete()
    _remove_empty_teams()
    return len(ids - needed)


def _remove_empty_teams() -> None:
    for _ in range(2):  # those without anybody, then those that only held them together
        used: set[int] = set()
        for key in _relations_to(Team):
            named = key.model._default_manager.exclude(**{key.attname: None})
            used |= set(named.values_list(key.attname, flat=True).distinct())
        Team.objects.exclude(pk__in=used).delete()


def _restore(begun: Event) -> None:
    company = Company.objects.get(pk=1)
    edits = Event.objects.filter(pk__gt=begun.pk, verb="platform.changed", subject_type="team.company")
    changed = {name for data in edits.values_list("data", flat=True) for name in (data.get("fields") or {})}
    former: dict[str, Any] = dict(begun.data["former"])
    done = former.pop("setup_done_at", None)
    company.setup_done_at = parse_datetime(done) if done else company.setup_done_at
    for name, value in former.items():
        if name not in changed:
            setattr(company, name, value)
    company.is_demo = False
    company.save()


def _silent(done: int, total: int, message: str) -> None:
    """Nobody wants to know."""
