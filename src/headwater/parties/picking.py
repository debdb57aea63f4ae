"""Picking a person or company in a form: a field that suggests while one types, and understands plain words as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from headwater.parties.queries import search, visible_parties
from headwater.platform.errors import NotFound
from headwater.platform.resource import ActorForm
from headwater.platform.values import row_id

CHOSEN = "_chosen"
HELP = gettext_lazy("Name, e-mail address or phone number of a person or company.")


class PartyPicker(forms.TextInput):
    """A text box with suggestions below. What was picked comes back as its number, anything else as it was typed."""

    template_name = "parties/picker.html"
    names: Mapping[str, str] = {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The number of the picked party, or the words."""
        return data.get(f"{name}{CHOSEN}") or super().value_from_datadict(data, files, name)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The name of a picked party stands in the box, its number behind it."""
        words = str(value or "")
        context: dict[str, Any] = super().get_context(name, self.names.get(words, words), attrs)
        context["widget"]["chosen"] = words if words in self.names else ""
        return context


class PartyField(forms.CharField):
    """A person or company; the form cleans it to an id with :func:`party_meant`."""

    widget = PartyPicker

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", HELP)
        super().__init__(max_length=254, **kwargs)

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        """The field of this form; a number it holds is shown as the party's name, if the actor may see it."""
        bound = super().get_bound_field(form, field_name)
        words = str(bound.value() or "")
        if isinstance(form, ActorForm) and isinstance(self.widget, PartyPicker) and (pk := row_id(words)) is not None:
            party = visible_parties(form.actor).filter(pk=pk).first()
            self.widget.names = {words: party.name} if party else {}
        return bound


def party_meant(form: ActorForm, text: object) -> int:
    """The one party that is meant: by its number where picked, or by name, e-mail or phone where exactly one fits.

    Raises:
        ValidationError: nobody fits, or several do; then it names them, as far as the actor may see them.
    """
    words = str(text).strip()
    if words.isdecimal() and not _is_typed(form, words):
        pk = row_id(words)
        if pk is None or not visible_parties(form.actor).filter(pk=pk).exists():
            raise forms.ValidationError(NotFound.message)
        return pk
    found = search(form.actor, words, 4)
    exact = [party for party in found if party.name.casefold() == words.casefold()]
    found = exact if len(exact) == 1 else found
    if not found:
        raise forms.ValidationError(_("Nobody of this name, e-mail or phone is known. Add the record first."))
    if len(found) > 1:
        named = ", ".join(party.name for party in found[:3]) + ("…" if len(found) > 3 else "")
        raise forms.ValidationError(
            _("Several records fit: {named}. Pick one from the list below the field.").format(named=named)
        )
    return int(found[0].pk)


def _is_typed(form: ActorForm, words: str) -> bool:
    """Whether somebody typed it into a page, where digits may be a phone number. What was picked, or comes from a
    program, is the number of a record and never of somebody else's phone."""
    picked = {value for name, value in form.data.items() if name.endswith(CHOSEN)}
    return isinstance(form.data, QueryDict) and words not in picked
