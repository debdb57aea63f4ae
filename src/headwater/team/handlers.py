"""Whom this room tells: who is meant in a comment, who follows a record, with whom a view is shared, who is back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.urls import reverse

from headwater.platform.actor import Actor
from headwater.platform.events import Changed, Fact
from headwater.platform.lists.actions import ROW as VIEW
from headwater.platform.lists.actions import ViewSaved
from headwater.platform.models import ListView
from headwater.platform.phrases import phrase
from headwater.platform.resource import REGISTRY
from headwater.platform.translated import noted
from headwater.team.events import UserReactivated
from headwater.team.models import Follow, Notice, User
from headwater.team.queries import actors_of, who_lost_tokens
from headwater.team.record_events import CommentAdded, CommentEdited
from headwater.tell.queries.tidings import FOLLOWED, TELLERS, Tiding, Told, alone, tells, tiding
from headwater.tell.words import NewsKind
from headwater.web.history import closed_fields
from headwater.web.sentence import changed_in


@tells(CommentAdded, CommentEdited)
def tell_of_comments(told: Sequence[Told]) -> Iterable[Tiding]:
    """Who is meant, and who follows the record, as the comment was laid out for them; a rewording tells who is new."""
    events = {getattr(fact, "comment_id", 0): event for fact, event in told}
    waiting = Notice.objects.filter(comment_id__in=events, done_at=None, comment__deleted_at=None)
    for notice in waiting.select_related("comment"):
        event, comment = events[notice.comment_id], notice.comment
        resource = REGISTRY.get(comment.noun)
        if resource is None:
            continue
        kind = NewsKind.MENTION if notice.is_mention else NewsKind.COMMENT
        path = f"/{resource.slug}/{comment.row_id}#comment-{comment.pk}"
        about = {"noun": comment.noun, "row_id": comment.row_id, "path": path, "step": f"c{comment.pk}"}
        yield tiding(kind, event, notice.user_id, **about)


def tell_followers(told: Sequence[Told]) -> Iterable[Tiding]:
    """Who said that they follow a record hears of its changes; its owner knows what happens with it."""
    happened = defaultdict(list)
    for fact, event in told:
        happened[event.subject_type, event.subject_id].append((fact, event))
    nouns = {noun for noun, _row_id in happened}
    ids = {row_id for _noun, row_id in happened}
    follows = [
        follow
        for follow in Follow.objects.filter(noun__in=nouns, row_id__among=ids, is_on=True).select_related("user")
        if follow.subject in happened
    ]
    for follow, actor in zip(follows, actors_of([follow.user for follow in follows]), strict=True):
        heard = [event for fact, event in happened[follow.subject] if _is_open(fact, follow.noun, actor)]
        for event in heard[-1:]:
            yield tiding(NewsKind.CHANGE, event, follow.user_id)


def _is_open(fact: Fact, noun: str, actor: Actor) -> bool:
    """Whether the actor may know of it: of an edit only where they may read one of the fields it changed."""
    if not isinstance(fact, Changed):
        return True
    changed = changed_in({"fields": fact.fields, "personal_fields": fact.personal_fields})
    return not changed or not closed_fields(noun, actor).issuperset(changed)


TELLERS.append((FOLLOWED, tell_followers))


@tells(ViewSaved, Changed)
def tell_of_shared_views(told: Sequence[Told]) -> Iterable[Tiding]:
    """Who sees a view of a list as a tab from now on: its team, or everybody who may see such lists."""
    events = {event.subject_id: event for fact, event in told if _shares(fact)}
    views = ListView.objects.filter(pk__in=events, deleted_at=None).exclude(scope=ListView.Scope.PRIVATE)
    people = list(User.objects.filter(is_active=True).values_list("pk", "team_id")) if events else []
    for view in views:
        for user_id, team_id in people:
            if view.scope == ListView.Scope.EVERYBODY or team_id == view.team_id:
                yield tiding(NewsKind.SHARED, events[view.pk], user_id, noun=VIEW, row_id=view.pk, step=f"v{view.pk}")


@tells(UserReactivated)
def tell_who_is_back(told: Sequence[Told]) -> Iterable[Tiding]:
    """Who is let back in learns that their programs are not: tokens ended for good when they were let go."""
    back = {event.subject_id: event for _fact, event in told}
    words = phrase(noted("You can sign in again. Tokens from before stay revoked: make new ones where you need them."))
    for user_id in who_lost_tokens(back):
        path = reverse("settings_tokens")
        yield alone(NewsKind.TOKEN, back[user_id], user_id, noun="", row_id=None, words=words, path=path)


def _shares(fact: Fact) -> bool:
    """Whether a view was saved for others too, or opened to them later."""
    if isinstance(fact, ViewSaved):
        return fact.scope != ListView.Scope.PRIVATE
    return isinstance(fact, Changed) and fact.row_type == VIEW and "scope" in fact.fields
