"""Editing what a colleague may be editing too: who changed what meanwhile, and whose words stand.

An edit form carries what its fields held when it was opened (``before-…``). From that it is known which of them the
reader changed; only those are written. Where somebody else has changed one of them meanwhile, to something else, the
form comes back and asks: keep mine, take theirs or, of long texts and of several choices, both (``keep-…``, about
``theirs-…``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _

from headwater.platform.actor import Actor
from headwater.platform.custom.values import HELD, PREFIX
from headwater.platform.edits import edit_form, valid_values
from headwater.platform.models import Event
from headwater.platform.resource import ActorForm, Resource
from headwater.web.fields import CURRENCY, first_amount

BEFORE, THEIRS, KEEP = "before-", "theirs-", "keep-"
LOOKED_BACK = 50


@dataclass(frozen=True)
class Clash:
    """A field that two people changed to different things: what it was, what it is now, by whom and since when."""

    name: str
    was: str
    theirs: str
    mine: str
    texts: Sequence[str]
    who: str
    at: datetime | None
    takes_both: bool
    both: str  # what several choices would be together; a long text is long enough as it is


class Edit:
    """One save of an edit form. ``form`` is what to show when it was not stored."""

    def __init__(self, resource: Resource, row: Any, actor: Actor, posted: QueryDict) -> None:
        assert resource.change is not None
        self.resource, self.row, self.actor = resource, row, actor
        blank = edit_form(resource.change, actor, row)
        self.data, self.touched, self.clashing = posted.copy(), set[str](), list[str]()
        self.present = {bound.name: as_posted(bound) for bound in blank}
        pair = {CURRENCY: first_amount(blank.fields)}
        pair |= {amount: currency for currency, amount in pair.items()}
        for bound in blank:
            other = pair.get(bound.name, "")
            self._settle(bound, posted, goes_along=bool(other) and _is_changed(blank[other], posted))
        self.form: ActorForm = resource.change.form(self.data, actor=actor, row=row, initial=blank.initial)
        self.form.before = list(_befores(self.data, self.present))

    def values(self) -> dict[str, Any] | None:
        """What is to be written; None if the form has to be shown again, with what is wrong or what clashes."""
        found = valid_values(self.form, self.touched)
        if self.clashing:
            self.form.clashes = {name: self._clash(name) for name in self.clashing}
            return None
        return found

    def _settle(self, bound: BoundField, posted: QueryDict, *, goes_along: bool) -> None:
        """Whether the reader changed this field, and whether onto what is there now.

        An amount and its currency ``go along``: whoever changes the one meant it with the other as they saw it.
        """
        name, present, widget = bound.name, self.present[bound.name], bound.field.widget
        mine, before = posted.getlist(name), posted.getlist(BEFORE + name)
        if not any(key.startswith(BEFORE) for key in posted):  # sent by something that did not open the form
            before = present
        choice = posted.get(KEEP + name, "")
        if choice and _same(bound, posted.getlist(THEIRS + name), present):  # it is still what the reader judged
            before = present
            if choice == "theirs":
                mine = present
            elif choice == "both" and _is_long(bound):
                mine = [f"{present[0]}\n\n{mine[0]}"]
            elif choice == "both" and _is_several(bound):
                mine = _together(bound, present, mine)
        if widget.value_omitted_from_data(posted, {}, name) or (_same(bound, mine, before) and not goes_along):
            mine = before = present
        else:
            self.touched.add(name)
            if not _same(bound, before, present) and not _same(bound, mine, present):
                self.clashing.append(name)
        for key, texts in ((name, mine), (BEFORE + name, before)):
            self.data.setlist(key, texts)
            if not texts:
                del self.data[key]

    def _clash(self, name: str) -> Clash:
        bound, present = self.form[name], self.present[name]
        event = _last_change(self.resource.key, self.row.pk, name)
        both = _together(bound, present, self.data.getlist(name)) if _is_several(bound) else []
        is_more = bool(both) and both not in (present, self.data.getlist(name))
        return Clash(
            name=name,
            was=_shown(bound, self.data.getlist(BEFORE + name)),
            theirs=_shown(bound, present),
            mine=_shown(bound, self.data.getlist(name)),
            texts=present,
            who=_who(event, self.actor),
            at=event.recorded_at if event is not None else None,
            takes_both=is_more or (_is_long(bound) and bool(present[0])),
            both=_shown(bound, both) if is_more else "",
        )


def opened(form: ActorForm) -> ActorForm:
    """An edit form to be shown for the first time: it remembers what its fields hold."""
    form.before = [(BEFORE + bound.name, text) for bound in form for text in as_posted(bound)]
    return form


def as_posted(bound: BoundField) -> list[str]:
    """What a browser would send for a field that nobody touched."""
    widget, value = bound.field.widget, bound.field.prepare_value(bound.initial)
    if isinstance(widget, forms.CheckboxInput):
        return ["on"] if widget.check_test(value) else []
    if isinstance(widget, (forms.Select, forms.RadioSelect)):  # those of several choices among them
        offered = list(dict(_choices(bound)))
        chosen = [text for text in widget.format_value(value) if text in offered]
        is_list = not widget.allow_multiple_selected and not isinstance(widget, forms.RadioSelect)
        return chosen or (offered[:1] if is_list else [])
    text = widget.format_value(value)
    return ["" if text is None else str(text)]


def _befores(data: QueryDict, present: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    for name in present:
        for text in data.getlist(BEFORE + name):
            yield BEFORE + name, str(text)


def _is_changed(bound: BoundField, posted: QueryDict) -> bool:
    """Whether the reader changed a field of the form that was opened."""
    name = bound.name
    return name in posted and not _same(bound, posted.getlist(name), posted.getlist(BEFORE + name))


def _same(bound: BoundField, one: Sequence[str], other: Sequence[str]) -> bool:
    return [_plain(bound, text) for text in one] == [_plain(bound, text) for text in other]


def _plain(bound: BoundField, text: str) -> str:
    """A text as it compares: browsers write line ends their own way, and take them out of short fields."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return lines if _is_long(bound) else lines.replace("\n", "")


def _is_long(bound: BoundField) -> bool:
    return isinstance(bound.field.widget, forms.Textarea)


def _is_several(bound: BoundField) -> bool:
    return isinstance(bound.field.widget, forms.widgets.ChoiceWidget) and bound.field.widget.allow_multiple_selected


def _together(bound: BoundField, theirs: Sequence[str], mine: Sequence[str]) -> list[str]:
    """What either of them chose, in the order of the choices."""
    return [text for text, _said in _choices(bound) if text in theirs or text in mine]


def _choices(bound: BoundField) -> Iterator[tuple[str, str]]:
    for value, label in getattr(bound.field, "choices", ()):
        for inner, said in label if isinstance(label, (list, tuple)) else [(value, label)]:
            yield "" if inner is None else str(inner), str(said)


def _shown(bound: BoundField, texts: Sequence[str]) -> str:
    """A posted value in words."""
    if isinstance(bound.field.widget, forms.CheckboxInput):
        return _("Yes") if texts else _("No")
    labels = dict(_choices(bound))
    words = [labels.get(text, text) if text else "" for text in texts]
    return ", ".join(word for word in words if word) or _("nothing")


def _last_change(subject_type: str, pk: int, name: str) -> Event | None:
    """The newest fact that says it changed this field, else the newest about the row."""
    rows = Event.objects.filter(subject_type=subject_type, subject_id=pk).select_related("personal").order_by("-pk")
    events = list(rows[:LOOKED_BACK])
    names = {HELD} if name.startswith(PREFIX) else {name, f"{name.removesuffix('_name')}_id"}
    return next((event for event in events if names & _fields_of(event)), events[0] if events else None)


def _fields_of(event: Event) -> set[str]:
    kept = event.personal.data if hasattr(event, "personal") else {}
    changed = {**(event.data.get("fields") or {}), **(kept.get("personal_fields") or {})}
    return {*event.data, *kept, *changed}


def _who(event: Event | None, actor: Actor) -> str:
    if event is None or event.user_id is None:
        return "Headwater" if event is not None and event.actor.startswith("job:") else _("Somebody")
    if event.user_id == actor.user_id:
        return _("You")
    user = get_user_model()._base_manager.filter(pk=event.user_id).first()
    return str(user) if user is not None else _("A former colleague")
