"""One step for many rows: at once where they are few, else as a job in portions that is taken back as one."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.http import QueryDict

from headwater.platform import job
from headwater.platform.action import action, one_request
from headwater.platform.actor import Actor
from headwater.platform.clock import now
from headwater.platform.errors import Conflict, DomainError, NotFound, SomeRefused
from headwater.platform.installation import actor_by_ref
from headwater.platform.models import Event, Job, Undone
from headwater.platform.pace import Pace, tidied_between_chunks
from headwater.platform.phrases import phrase, spoken, stored
from headwater.platform.resource import REGISTRY, Command, Resource
from headwater.platform.translated import gettext, noted
from headwater.platform.undo import alike, heads_a_step, newest_event, to_undo, undo_alike, undo_events

STEP_JOB, UNDO_JOB = "platform.many", "platform.many_undo"
SEES_ALL = "platform.delivery.change"
AT_ONCE = 500
FIRST_PORTION = 100
EXAMPLES = 1_000
TRIES = 3


@dataclass
class Told:
    """How far a step is and what became of its rows; the job keeps it, so that a crash loses nothing.

    ``refused`` counts rows by reason, ``examples`` names the first of them, both with reasons as they are stored
    for any language; ``reasons`` and ``example_reasons`` say them to the reader of the moment. ``first`` is the
    first event that Undo takes back, ``verb`` what it and the others say.
    """

    next: int = 0
    done: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    examples: list[tuple[int, str]] = field(default_factory=list)
    first: int = 0
    verb: str = ""

    def refuse(self, reasons: Mapping[int, str]) -> None:
        """Note rows that could not be taken, and why."""
        for pk, reason in ((pk, stored(reason)) for pk, reason in reasons.items()):
            self.refused[reason] = self.refused.get(reason, 0) + 1
            if len(self.examples) < EXAMPLES:
                self.examples.append((pk, reason))

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why rows could not be taken, in the reader's words, and how many; the most frequent first."""
        return sorted(((spoken(said), count) for said, count in self.refused.items()), key=lambda pair: -pair[1])

    def example_reasons(self, count: int) -> list[tuple[int, str]]:
        """The first rows that could not be taken, each with the reason in the reader's words."""
        return [(pk, spoken(said)) for pk, said in self.examples[:count]]

    @property
    def refused_count(self) -> int:
        """How many rows could not be taken."""
        return sum(self.refused.values())


def start(
    *,
    resource: Resource,
    command: Command,
    ids: Sequence[int],
    form: str,
    by: Actor,
    at: datetime,
    back: str = "",
    request: str = "",
) -> Job:
    """Queue a step for these rows, which are fixed now; ``form`` is what was filled in, as a form sends it.

    ``back`` is where whoever began it came from, ``request`` the larger step that this one is a part of.
    """
    args = {
        "by": by.ref, "noun": resource.key, "command": command.key, "form": form, "rows": packed(ids),
        "request": request or uuid.uuid4().hex, "back": back,
    }  # fmt: skip
    return _queue(STEP_JOB, args, len(ids), by=by, at=at)


def undo_all(*, event_id: int, by: Actor, at: datetime) -> int | Job:
    """Take back what one step did to many rows: how many, or the job that does it where they are many.

    Raises:
        NotFound: there is no such event.
        SomeRefused: some of a few cannot be taken back any more; nothing was changed.
    """
    ids = alike(event_id)
    if heads_a_step(event_id):
        return _undo_whole_step(event_id, ids, by=by, at=at)
    if len(ids) <= AT_ONCE:
        return undo_alike(event_id=event_id, by=by, at=at)
    return _undo_in_background(event_id, ids, by=by, at=at)


def steps_of(event_id: int) -> list[Job]:
    """The background steps that are parts of the step this event heads, the oldest first."""
    head = Event.objects.get(pk=event_id)
    return list(Job.objects.filter(kind=STEP_JOB, args__request=head.request_id).order_by("pk"))


def _undo_whole_step(event_id: int, ids: Sequence[int], *, by: Actor, at: datetime) -> int | Job:
    """Take back all parts of a step; what somebody went on with stays, and the job that finds this out says so."""
    if any(not part.is_over for part in steps_of(event_id)):
        raise Conflict(gettext("A part of this is still under way. Stop it or wait for its end, then take it back."))
    if len(ids) <= AT_ONCE:
        try:
            undo_events(event_ids=ids, by=by, at=at)
            return len(ids) - 1
        except SomeRefused:
            pass  # nothing was taken back; in the background each row that can go back does
    return _undo_in_background(event_id, ids, by=by, at=at)


def _undo_in_background(event_id: int, ids: Sequence[int], *, by: Actor, at: datetime) -> Job:
    if Undone.objects.filter(pk=event_id).exists():
        raise Conflict(gettext("This was taken back already."))
    running = undo_of(event_id)
    if running is not None and not running.is_over:
        return running
    step = Job.objects.filter(kind=STEP_JOB, checkpoint__first=event_id).first()
    about = {name: step.args[name] for name in ("noun", "command", "back")} if step is not None else {}
    args = {**about, "by": by.ref, "first": event_id, "rows": packed(ids), "request": uuid.uuid4().hex}
    return _queue(UNDO_JOB, args, len(ids), by=by, at=at)


def undo_of(event_id: int) -> Job | None:
    """The newest job that takes back the step which began with this event."""
    return Job.objects.filter(kind=UNDO_JOB, args__first=event_id).order_by("-pk").first()


def visible_step(actor: Actor, job_id: int) -> Job:
    """The step of that number, for whoever began it and for who looks after background work.

    Raises:
        NotFound: there is none, or it is not for the actor.
    """
    found = Job.objects.filter(pk=job_id, kind__in=(STEP_JOB, UNDO_JOB)).first()
    if found is None or (found.user_id != actor.user_id and not actor.may(SEES_ALL)):
        raise NotFound()
    return found


def is_undone(told: Told) -> bool:
    """Whether what a step did is taken back by now."""
    return bool(told.first) and Undone.objects.filter(pk=told.first).exists()


def told_of(found: Job) -> Told:
    """What became of the rows of a step so far."""
    return Told(**found.checkpoint)


def packed(ids: Sequence[int]) -> list[int]:
    """Ids as gaps and runs, in order: rows that lie side by side take two small numbers however many they are."""
    out: list[int] = []
    end = 0
    for pk in sorted(set(ids)):
        if out and pk == end:
            out[-1] += 1
        else:
            out += [pk - end, 1]
        end = pk + 1
    return out


def unpacked(gaps: Sequence[int]) -> list[int]:
    """The ids that :func:`packed` put together."""
    ids: list[int] = []
    end = 0
    for gap, run in zip(gaps[::2], gaps[1::2], strict=True):
        ids.extend(range(end + gap, end + gap + run))
        end += gap + run
    return ids


def _queue(kind: str, args: Mapping[str, Any], total: int, *, by: Actor, at: datetime) -> Job:
    queued = job.enqueue(kind, args=args, at=at, user_id=by.user_id)
    Job.objects.filter(pk=queued.pk).update(total_units=total)
    return queued


# ---------------------------------------------------------------- doing it

Take = Callable[[Sequence[int], datetime], None]


@dataclass(frozen=True)
class _Step:
    """What is to be done with each portion. ``prepare`` asks anew what the actor may, ``rows_of`` names the rows."""

    prepare: Callable[[], Take]
    verb_of: Callable[[int], tuple[int, str]]
    rows_of: Callable[[Mapping[int, str]], dict[int, str]] = dict


@job.job(STEP_JOB)
def take_step(run: job.JobRun) -> Mapping[str, Any]:
    """Take a step for many rows; rights, sight and what was filled in are looked at again for each portion."""
    args = run.args
    resource = REGISTRY[args["noun"]]
    command = resource.command(args["command"])
    if command is None or command.run_many is None:
        raise NotFound(gettext("This step does not exist any more."))

    def prepare() -> Take:
        by = actor_by_ref(args["by"])
        by.require(command.verb)
        form = command.form(QueryDict(args["form"]), actor=by)
        if not form.is_valid():
            raise Conflict(gettext("What was filled in does not hold any more. The rest of the rows is as it was."))

        def take(ids: Sequence[int], at: datetime) -> None:
            seen = set(resource.in_sight(by).filter(pk__in=list(ids)).order_by().values_list("pk", flat=True))
            gone = [pk for pk in ids if pk not in seen]
            if gone:
                raise SomeRefused({pk: NotFound() for pk in gone}, of=len(ids))
            assert command.run_many is not None
            command.run_many(ids=list(ids), by=by, at=at, **form.cleaned_data)

        return take

    def verb_of(since: int) -> tuple[int, str]:
        last = to_undo(since=since, by=actor_by_ref(args["by"]), subject_type=resource.key)
        if last is None:
            return 0, ""
        events = Event.objects.filter(pk__gt=since, request_id=args["request"], verb=last.verb)
        return events.order_by("pk").values_list("pk", flat=True)[0], last.verb

    return _Portions(run, unpacked(args["rows"]), _Step(prepare, verb_of)).go()


@job.job(UNDO_JOB)
def take_back(run: job.JobRun) -> Mapping[str, Any]:
    """Take a step back, the newest rows first; what cannot go back any more stays, with the reason."""

    def prepare() -> Take:
        by = actor_by_ref(run.args["by"])
        return lambda event_ids, at: undo_events(event_ids=event_ids, by=by, at=at)

    def rows_of(reasons: Mapping[int, str]) -> dict[int, str]:
        about = Event.objects.filter(pk__in=list(reasons)).values_list("pk", "subject_id")
        return {subject_id: reasons[pk] for pk, subject_id in about}

    step = _Step(prepare, lambda since: (0, ""), rows_of)
    return _Portions(run, unpacked(run.args["rows"])[::-1], step).go()


class _Portions:
    """Rows on their way through a step. What is done and how far it is commit together."""

    def __init__(self, run: job.JobRun, ids: Sequence[int], step: _Step) -> None:
        self.run, self.ids, self.step = run, ids, step
        self.told = Told(**run.checkpoint)
        self.pace = Pace()
        self.pace.size = FIRST_PORTION

    def go(self) -> Mapping[str, Any]:
        """Portion after portion to the end, each holding the database for about half a second."""
        with tidied_between_chunks(), one_request(self.run.args["request"]):
            while self.told.next < len(self.ids):
                start, end = self.told.next, min(self.told.next + self.pace.size, len(self.ids))
                take = self.step.prepare()
                self.pace.breathe()
                with self.pace.chunk(end - start):
                    self._take(take, start, end)
        return {"done": self.told.done, "refused": self.told.refused_count}

    def _take(self, take: Take, start: int, end: int) -> None:
        """Take the rows from ``start`` to ``end``. Those that refuse are left out, found by halves if need be."""
        ids, left_out = self.ids[start:end], dict[int, str]()
        for _ in range(TRIES):
            try:
                self.told = self._commit(take, [pk for pk in ids if pk not in left_out], end, left_out)
                return
            except SomeRefused as some:
                left_out |= some.reasons
            except DomainError as refusal:
                if len(ids) > 1:
                    break
                left_out[ids[0]] = refusal.text
        middle = (start + end) // 2
        self._take(take, start, middle)
        self._take(take, middle, end)

    @action
    def _commit(self, take: Take, ids: Sequence[int], end: int, left_out: Mapping[int, str]) -> Told:
        told = Told(**asdict(self.told))
        since = newest_event()
        if ids:
            take(ids, now())
        if not told.first:
            told.first, told.verb = self.step.verb_of(since)
        told.refuse(self.step.rows_of(left_out))
        told.next, told.done = end, told.done + len(ids)
        words = phrase(noted("%(done)s of %(total)s rows"), done=end, total=len(self.ids))
        self.run.report(done=end, total=len(self.ids), message=words, checkpoint=asdict(told))
        return told
