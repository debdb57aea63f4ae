"""Settings → Fields: what a company notes of its people, leads and orders besides what comes with Headwater."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from headwater.platform.clock import now
from headwater.platform.custom import actions, queries
from headwater.platform.custom.actions import MANAGE, ROW, WIDER
from headwater.platform.custom.declared import as_field
from headwater.platform.custom.formula import LONGEST
from headwater.platform.custom.functions import FUNCTIONS, WORDS
from headwater.platform.custom.kinds import ABOUT, RESULTS, TONES, FieldKind
from headwater.platform.custom.queries import NEW
from headwater.platform.custom.wording import LONGEST_HELP, LONGEST_LABEL
from headwater.platform.errors import DomainError, Invalid, NotFound
from headwater.platform.installation import installation
from headwater.platform.models import CustomField
from headwater.platform.resource import Resource
from headwater.platform.undo import newest_event, to_undo
from headwater.web.form import show_refusal
from headwater.web.http import Request, answer, render

Choices = list[dict[str, Any]]
SHORT = 80
RIGHTS = ("seen_by", "changed_by")


def _kinds() -> list[tuple[str, Any]]:
    """The kinds that are filled in; a formula has a page of its own."""
    return [(kind.value, about.label) for kind, about in ABOUT.items() if kind is not FieldKind.FORMULA]


class NewFieldForm(forms.Form):
    """A field to add."""

    label = forms.CharField(label=lazy("Name"), max_length=LONGEST_LABEL)
    kind = forms.ChoiceField(label=lazy("Kind"), choices=_kinds)
    more = forms.CharField(
        label=lazy("Choices"), required=False, widget=forms.Textarea({"rows": 4}),
        help_text=lazy("One on each line; only for fields of choices."),
    )  # fmt: skip
    help = forms.CharField(
        label=lazy("Help"), max_length=LONGEST_HELP, required=False,
        help_text=lazy("A line that stands below the field in forms."),
    )  # fmt: skip
    is_required = forms.BooleanField(label=lazy("Must be filled in"), required=False)

    def values(self) -> dict[str, Any]:
        """What is to be added."""
        found: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if name != "more"}
        return {**found, "choices": _lines(self.cleaned_data["more"])}


def formula_field(**more: Any) -> forms.CharField:
    """What a formula is typed into."""
    widget = forms.Textarea({"rows": 4, "spellcheck": "false", "autocapitalize": "off", "class": "mono"})
    return forms.CharField(label=_("Formula"), max_length=LONGEST, widget=widget, **more)


class FormulaForm(forms.Form):
    """A formula to add."""

    label = forms.CharField(label=lazy("Name"), max_length=LONGEST_LABEL)
    result = forms.ChoiceField(
        label=lazy("Gives"), choices=lambda: [(each.value, about.label) for each, about in RESULTS.items()]
    )
    help = forms.CharField(label=lazy("Help"), max_length=LONGEST_HELP, required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["formula"] = formula_field()
        self.order_fields(("label", "result", "formula", "help"))


class FieldForm(forms.Form):
    """A field that is there: its choices can be renamed and taken off what is on offer, and others added."""

    label = forms.CharField(label=lazy("Name"), max_length=LONGEST_LABEL)
    kind = forms.ChoiceField(label=lazy("Kind"))
    help = forms.CharField(label=lazy("Help"), max_length=LONGEST_HELP, required=False)
    is_required = forms.BooleanField(label=lazy("Must be filled in"), required=False)
    seen_by = forms.MultipleChoiceField(
        label=lazy("Who sees it"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=lazy("Roles that may do everything always see it and fill it in."),
    )  # fmt: skip
    changed_by = forms.MultipleChoiceField(
        label=lazy("Who fills it in"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=lazy("Of those who may change the record."),
    )  # fmt: skip
    more = forms.CharField(
        label=lazy("Further choices"), required=False, widget=forms.Textarea({"rows": 3}),
        help_text=lazy("One on each line."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, row: CustomField) -> None:
        roles = list(installation().roles)
        every = [code for code, _word in roles]
        first = {"label": row.label, "kind": row.kind, "help": row.help, "is_required": row.is_required}
        first |= {name: every if (kept := getattr(row, name)) is None else kept for name in RIGHTS}
        super().__init__(data, initial=first)
        self.row = row
        own = FieldKind(row.kind)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(each.value, ABOUT[each].label) for each in (own, *WIDER.get(own, ()))]
        if len(kind.choices) == 1:
            del self.fields["kind"]
        for name in RIGHTS:
            asked = self.fields[name]
            assert isinstance(asked, forms.MultipleChoiceField)
            asked.choices = roles
        if not row.choices:
            del self.fields["more"]
        if row.formula:
            del self.fields["is_required"], self.fields["changed_by"]
            self.fields["formula"] = formula_field(initial=row.formula)
            self.order_fields(("label", "formula"))
        for at, each in enumerate(row.choices):
            self.fields[f"name_{at}"] = forms.CharField(
                label=_("Choice %(number)s") % {"number": at + 1}, max_length=LONGEST_LABEL, initial=each["label"]
            )
            self.fields[f"offer_{at}"] = forms.BooleanField(
                label=_("“%(choice)s” is on offer") % {"choice": each["label"]},
                required=False, initial=not each.get("retired"),
            )  # fmt: skip
            self.fields[f"tone_{at}"] = forms.ChoiceField(
                label=_("Colour of “%(choice)s”") % {"choice": each["label"]},
                choices=[("", "–"), *TONES.items()], required=False, initial=each.get("tone", ""),
            )  # fmt: skip

        below = ["more"] if row.choices else []  # below the choices there are
        for name in (*below, *(name for name in RIGHTS if name in self.fields)):
            self.fields[name] = self.fields.pop(name)

    def values(self) -> dict[str, Any]:
        """What is to be changed."""
        found: dict[str, Any] = {
            name: self.cleaned_data[name]
            for name in ("label", "kind", "help", "is_required", "formula")
            if name in self.fields
        }
        for name in RIGHTS:
            if name in self.fields:
                chosen, roles = self.cleaned_data[name], self.fields[name].choices  # type: ignore[attr-defined]
                found[name] = None if len(chosen) == len(roles) else chosen
        if not self.row.choices:
            return found
        kept: Choices = [
            {
                "code": each["code"],
                "label": self.cleaned_data[f"name_{at}"],
                "retired": not self.cleaned_data[f"offer_{at}"],
                "tone": self.cleaned_data[f"tone_{at}"],
            }
            for at, each in enumerate(self.row.choices)
        ]
        return {**found, "choices": [*kept, *_lines(self.cleaned_data["more"])]}


def fields(request: Request) -> HttpResponse:
    """The fields of one noun, those that were retired, and a new one."""
    request.actor.require(MANAGE)
    resource = _noun(request.GET.get("of", ""))
    form = NewFieldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        since = newest_event()
        try:
            row = actions.add_field(noun=resource.key, by=request.actor, at=now(), **form.values())
        except DomainError as refusal:
            _show(form, refusal)
        else:
            words = _("“%(field)s” is added. Choose it among the columns of the list.") % {"field": row.label}
            return _told(request, row, words, since)
    rows = queries.fields_with_retired(resource.key)
    context = {
        "resource": resource,
        "nouns": [(noun, noun.key == resource.key) for noun in queries.nouns_with_fields()],
        "rows": [(row, ABOUT[FieldKind(row.kind)], _in_short(row)) for row in rows if row.retired_at is None],
        "retired": [(row, ABOUT[FieldKind(row.kind)]) for row in rows if row.retired_at is not None],
        "form": form,
    }
    return render(request, "web/fields.html", context, status=422 if form.errors else 200)


def field(request: Request, field_id: int) -> HttpResponse:
    """One field: its name, help and choices."""
    request.actor.require(MANAGE)
    row = CustomField.objects.filter(pk=field_id).first()
    if row is None:
        raise NotFound()
    form = FieldForm(request.POST or None, row=row)
    tried = _tried(request, form, row.noun, row.key, row.result) if row.formula else {}
    if request.method == "POST" and form.is_valid() and "preview" not in request.POST:
        since = newest_event()
        try:
            row = actions.change_field(field_id=row.pk, by=request.actor, at=now(), **form.values())
        except DomainError as refusal:
            _show(form, refusal)
        else:
            return _told(request, row, _("“%(field)s” is saved.") % {"field": row.label}, since)
    context = {"row": row, "resource": queries.noun_of(row.noun), "form": form, "about": as_field(row).about, **tried}
    return render(request, "web/fields_one.html", context, status=422 if form.errors else 200)


def new_formula(request: Request) -> HttpResponse:
    """A field that is worked out from others, tried on real records before it is kept."""
    request.actor.require(MANAGE)
    resource = _noun(request.GET.get("of", ""))
    form = FormulaForm(request.POST or None)
    tried = _tried(request, form, resource.key, "", request.POST.get("result", ""))
    if request.method == "POST" and form.is_valid() and "preview" not in request.POST:
        since, kind = newest_event(), FieldKind.FORMULA
        try:
            row = actions.add_field(noun=resource.key, kind=kind, by=request.actor, at=now(), **form.cleaned_data)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            words = _("“%(field)s” is added. Its results are worked out in the background.") % {"field": row.label}
            return _told(request, row, words, since)
    context = {"resource": resource, "form": form, **tried}
    return render(request, "web/fields_formula.html", context, status=422 if form.errors else 200)


def _tried(request: Request, form: forms.Form, noun: str, key: str, result: str) -> dict[str, Any]:
    """What a formula can name, and what the one that was typed in gives for the newest records; faults beside it."""
    context: dict[str, Any] = {
        "usable": [(named, WORDS[named.holds]) for named in queries.usable(noun, request.actor, besides=key)],
        "functions": FUNCTIONS.values(), "preview": None,
    }  # fmt: skip
    text = request.POST.get("formula", "") if form.is_bound else str(form["formula"].initial or "")
    if text and result in RESULTS:
        try:
            context["preview"] = queries.preview(noun, formula=text, result=result, by=request.actor, key=key or NEW)
        except Invalid as faulty:
            if form.is_bound:
                form.is_valid()
                show_refusal(form, faulty)
    return context


@require_POST
def act(request: Request, field_id: int, what: str) -> HttpResponse:
    """Move a field, retire it or bring it back."""
    about: dict[str, Any] = {"field_id": field_id, "by": request.actor, "at": now()}
    since = newest_event()
    match what:
        case "up" | "down":
            row = actions.move_field(steps=-1 if what == "up" else 1, **about)
            words = _("“%(field)s” is moved.") % {"field": row.label}
            return _told(request, row, words, since, at=f"#{what}-{row.pk}")  # to be pressed once more
        case "retire":
            row = actions.retire_field(**about)
            words = _("“%(field)s” is retired. What it held is kept.") % {"field": row.label}
        case "restore":
            row = actions.restore_field(**about)
            words = _("“%(field)s” is back, with all it held.") % {"field": row.label}
        case _:
            raise NotFound()
    return _told(request, row, words, since)


def _told(request: Request, row: CustomField, words: str, since: int, *, at: str = "") -> HttpResponse:
    event = to_undo(since=since, by=request.actor, subject_type=ROW)
    url = f"{reverse('web:fields')}?of={queries.noun_of(row.noun).slug}{at}"
    return answer(request, url, words, undo_url=f"/undo/{event.pk}" if event is not None else "")


def _noun(slug: str) -> Resource:
    nouns = queries.nouns_with_fields()
    found = next((noun for noun in nouns if noun.slug == slug), nouns[0] if not slug else None)
    if found is None:
        raise NotFound()
    return found


def _lines(text: str) -> Choices:
    return [{"label": line.strip()} for line in text.splitlines() if line.strip()]


def _in_short(row: CustomField) -> str:
    """The formula, or the choices on offer, as far as a line takes them."""
    if row.formula:
        return row.formula if len(row.formula) <= SHORT else f"{row.formula[:SHORT]}…"
    labels = [each["label"] for each in row.choices if not each.get("retired")]
    if len(labels) <= 4:
        return ", ".join(labels)
    rest = len(labels) - 3
    more = ngettext("%(count)s more", "%(count)s more", rest) % {"count": rest}
    return f"{', '.join(labels[:3])}, {more}"


def _show(form: forms.Form, refusal: DomainError) -> None:
    """The reasons beside their fields; those about choices beside where choices are typed in."""
    if getattr(refusal, "fields", None) and "choices" in refusal.fields and "more" in form.fields:  # type: ignore[attr-defined]
        form.add_error("more", [str(reason) for reason in refusal.fields["choices"]])  # type: ignore[attr-defined]
        return
    show_refusal(form, refusal)
