"""Reads about imports: whose they are, what can be imported, which mapping fits a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from headwater.intake.models import ImportBatch
from headwater.intake.profile import Profile, ProfileError, load_profile, profile_names
from headwater.platform.actor import Actor, Visibility
from headwater.platform.errors import NotAllowed, NotFound
from headwater.platform.paging import count_up_to
from headwater.platform.resource import REGISTRY, Choices, Resource
from headwater.platform.translated import gettext as _

CHOICES = 100
COUNTED = 1_000_000


def visible_batches(actor: Actor) -> QuerySet[ImportBatch]:
    """The imports an actor may see, newest first: all, or their own.

    Raises:
        NotAllowed: the actor has nothing to do with imports.
    """
    if not actor.may("intake.batch.see"):
        raise NotAllowed()
    batches = ImportBatch.objects.select_related("user").order_by("-pk")
    return batches if actor.visibility is Visibility.ALL else batches.filter(user_id=actor.user_id or 0)


def names_of_batches(actor: Actor, ids: Iterable[int]) -> dict[int, str]:
    """What some imports are called, of those the actor may see."""
    if not actor.may("intake.batch.see"):
        return {}
    return dict(visible_batches(actor).filter(pk__in=set(ids)).values_list("pk", "name"))


def batch_choices(actor: Actor) -> Choices:
    """The imports an actor may see that wrote rows, the newest first, as choices for filters."""
    if not actor.may("intake.batch.see"):
        return []
    written = visible_batches(actor).filter(is_dry_run=False).exclude(state=ImportBatch.State.DRAFT)
    return [(str(pk), f"{pk}, {name}") for pk, name in written.values_list("pk", "name")[:CHOICES]]


def brought_by(actor: Actor, batch: ImportBatch) -> list[tuple[Resource, int]]:
    """What an import brought that is still there and the actor may see, noun by noun; its own noun first."""
    nouns = [r for r in REGISTRY.values() if "batch" in r.by_key and actor.may(r.verb("see"))]
    nouns.sort(key=lambda r: (r.importer is None or r.importer.kind != batch.kind, r.label_plural))
    counted = ((noun, count_up_to(noun.rows(actor).filter(batch_id=batch.pk), COUNTED)) for noun in nouns)
    return [(noun, count) for noun, count in counted if count]


def batch_of(actor: Actor, batch_id: int) -> ImportBatch:
    """One import.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    batch = visible_batches(actor).filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(_("There is no import {batch_id}, or you may not see it.").format(batch_id=batch_id))
    return batch


def importable(actor: Actor) -> list[Resource]:
    """The nouns this actor may import, leads first."""
    found = [r for r in REGISTRY.values() if r.importer is not None and actor.may(r.importer.verb)]
    return sorted(found, key=lambda r: (r.slug != "leads", r.label_plural))


def noun_of(kind: str) -> Resource | None:
    """The noun that files of this kind become."""
    return next((r for r in REGISTRY.values() if r.importer is not None and r.importer.kind == kind), None)


def profiles_for(kind: str) -> list[Profile]:
    """The saved and shipped profiles of a kind, the company's own first; broken ones are left out."""
    folders = [Path(settings.HOME.profiles)]
    found = []
    for name in profile_names(folders):
        try:
            profile = load_profile(name, folders)
        except ProfileError:
            continue
        if profile.kind == kind:
            found.append(profile)
    own = {path.stem for path in folders[0].glob("*.toml")}
    return sorted(found, key=lambda p: (p.name not in own, p.name))


def remembered_for(kind: str, header: Sequence[str]) -> Profile | None:
    """The profile whose columns are all in the file, if one fits; that with the most columns wins."""
    fitting = [p for p in profiles_for(kind) if p.main.columns and not any(each.missing(header) for each in p.passes)]
    return max(fitting, key=lambda p: len([c for c in p.main.columns if c in header]), default=None)
