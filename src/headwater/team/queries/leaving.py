"""What still hangs on a colleague: their open work, counted, with the lists it is in and who could take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from headwater.platform import many
from headwater.platform.actor import Actor
from headwater.platform.held import HELD, Held, kinds_of_work
from headwater.platform.lists.kept import count_shared_views, is_in_sight, shared_views_of
from headwater.platform.models import Event, Job, ListView
from headwater.platform.resource import REGISTRY
from headwater.platform.translated import inside
from headwater.team.events import WorkHandedOver
from headwater.team.models import User

VIEWS = "views"
LATEST = 5


@dataclass(frozen=True)
class HeldWork:
    """Work of one kind that a colleague still holds; ``ids`` are its rows."""

    key: str
    label: Any
    ids: Sequence[int]
    url: str = ""
    held: Held | None = None

    @property
    def count(self) -> int:
        """How much it is."""
        return len(self.ids)


@dataclass(frozen=True)
class HeldView:
    """A shared view a colleague looks after, with its list where the reader sees it."""

    name: str
    noun: str
    url: str


@dataclass(frozen=True)
class PastHandover:
    """Work that was handed over before: to whom, what, which parts are still under way, and whether it was undone."""

    event: Event
    to: str
    said: Sequence[tuple[str, int]]
    jobs: Sequence[Job]
    is_undone: bool
    undo_job: Job | None


def held_work(user_id: int, actor: Actor) -> list[HeldWork]:
    """What a colleague still holds, kind by kind, as far as the actor sees it; kinds with nothing are left out."""
    found = []
    for held in kinds_of_work():
        if not actor.may(held.resource.verb("see")):
            continue
        ids = list(held.rows(user_id, actor).order_by().values_list("pk", flat=True))
        found.append(HeldWork(held.key, held.label, ids, held.url(user_id), held))
    views = list(shared_views_of(user_id).values_list("pk", flat=True))
    return [work for work in [*found, HeldWork(VIEWS, "Shared views", views)] if work.ids]


def held_views(user_id: int, actor: Actor) -> list[HeldView]:
    """The shared views a colleague looks after."""
    return [_view(row, actor) for row in shared_views_of(user_id)]


def still_held(user_ids: Collection[int], actor: Actor) -> dict[int, int]:
    """How much each of these colleagues still holds, in all: a query for each kind of work, however many they are."""
    held = Counter(count_shared_views(user_ids))
    for kind in kinds_of_work():
        if actor.may(kind.resource.verb("see")):
            held.update(kind.counts(user_ids, actor))
    return held


def who_can_take(work: Sequence[HeldWork], user_id: int, actor: Actor) -> list[tuple[str, str]]:
    """The colleagues this work can be given to, those first who can take all of it; with what others cannot take."""
    choices = {str(work_.key): _takers(work_, actor) for work_ in work if work_.held is not None}
    here = User.objects.filter(is_active=True).exclude(pk=user_id).order_by("name", "pk").values_list("pk", "name")
    labels: Mapping[str, str] = {work_.key: inside(work_.label) for work_ in work}
    whole, partly = [], []
    for pk, name in here:
        missing = [labels[key] for key, takers in choices.items() if str(pk) not in takers]
        if not missing:
            whole.append((str(pk), name))
        elif len(missing) < len(work):
            partly.append((str(pk), f"{name} (no {', '.join(missing)})"))
    return whole + partly


def past_handovers(user_id: int) -> list[PastHandover]:
    """The latest times work of this colleague was handed over, the newest first."""
    events = Event.objects.filter(verb=WorkHandedOver.verb, subject_type="team.user", subject_id=user_id)
    found = list(events.select_related("undone").order_by("-pk")[:LATEST])
    names = dict(User.objects.filter(pk__in=[event.data["to_id"] for event in found]).values_list("pk", "name"))
    return [
        PastHandover(
            event=event,
            to=names.get(event.data["to_id"], ""),
            said=[(_label(key), count) for key, count in event.data["counts"].items()],
            jobs=many.steps_of(event.pk),
            is_undone=hasattr(event, "undone"),
            undo_job=many.undo_of(event.pk),
        )
        for event in found
    ]


def _takers(work: HeldWork, actor: Actor) -> set[str]:
    assert work.held is not None
    fields = work.held.step().form(actor=actor).fields
    return {str(value) for value, _ in getattr(fields["owner_id"], "choices", ())}


def _view(row: ListView, actor: Actor) -> HeldView:
    resource = REGISTRY.get(row.noun)
    seen = resource is not None and actor.may(resource.verb("see")) and is_in_sight(row, actor)
    noun = str(resource.label_plural) if resource is not None else ""
    return HeldView(row.name, noun, f"/{resource.slug}?{urlencode({'view': row.pk})}" if resource and seen else "")


def _label(key: str) -> str:
    return str(HELD[key].label) if key in HELD else "Shared views"
