"""What a company's own fields and their choices are called, and the names that programs know them by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.text import slugify

from headwater.platform.custom.kinds import TONES, FieldKind
from headwater.platform.custom.values import PREFIX
from headwater.platform.errors import Invalid
from headwater.platform.models import CustomField
from headwater.platform.resource import REGISTRY
from headwater.platform.translated import gettext as _
from headwater.platform.typed import plain_text
from headwater.platform.values import is_storable

MOST_CHOICES: Final = 200
LONGEST_LABEL: Final = 60
LONGEST_HELP: Final = 200


def help_of(text: Any) -> str:
    """The words below a field.

    Raises:
        Invalid: no text, or one that is too long.
    """
    return _text("help", text, LONGEST_HELP)


def label_of(noun: str, text: Any, *, besides: int | None = None) -> str:
    """A label that no other column of the noun has.

    Raises:
        Invalid: no text, one that is too long, or that of another one.
    """
    told = _text("label", text, LONGEST_LABEL)
    if not told:
        raise Invalid({"label": [_("Give the field a name.")]})
    others = CustomField.objects.filter(noun=noun, retired_at=None).exclude(pk=besides or 0)
    taken = {str(column.label).casefold() for column in REGISTRY[noun].columns} | {
        each.label.casefold() for each in others
    }
    if told.casefold() in taken:
        raise Invalid({"label": [_("There is a field of this name already.")]})
    return told


def new_key(table: str, label: str) -> str:
    """A key that no field of the table ever had."""
    base = PREFIX + (slugify(label).replace("-", "_")[:32] or "field")
    taken = set(CustomField.objects.filter(table=table, key__startswith=base).values_list("key", flat=True))
    return next(key for n in range(1, len(taken) + 2) if (key := base if n == 1 else f"{base}_{n}") not in taken)


def choices_of(kind: str, present: Sequence[Mapping[str, Any]], wanted: Any) -> list[dict[str, Any]]:
    """The choices as they are kept: those wanted in their order, then, retired, what is left out of the present ones.

    Raises:
        Invalid: a field of choices without any, a label twice, or a code that is none of this field's.
    """
    if kind not in (FieldKind.CHOICE, FieldKind.CHOICES):
        if wanted:
            raise Invalid({"choices": [_("Only fields of choices have choices.")]})
        return []
    if not isinstance(wanted, Sequence) or isinstance(wanted, str) or not all(isinstance(x, Mapping) for x in wanted):
        raise Invalid({"choices": [_("A list of choices is needed, each with a label.")]})
    known = {each["code"]: each for each in present}
    found: dict[str, dict[str, Any]] = {}
    for each in wanted:
        label = _text("choices", each.get("label", ""), LONGEST_LABEL)
        code = each.get("code") or _code(label, known.keys() | found.keys())
        if each.get("code") and code not in known:
            raise Invalid({"choices": [_("There is no choice of this code.")]})
        if not label:
            raise Invalid({"choices": [_("Give each choice a name.")]})
        tone = each.get("tone", known.get(code, {}).get("tone", ""))
        if tone and tone not in TONES:
            raise Invalid({"choices": [_("There is no such colour.")]})
        more = {"retired": bool(each.get("retired")), "tone": tone}
        found[code] = {"code": code, "label": label, **{name: value for name, value in more.items() if value}}
    found |= {code: {**each, "retired": True} for code, each in known.items() if code not in found}
    labels = [each["label"].casefold() for each in found.values() if not each.get("retired")]
    if not labels:
        raise Invalid({"choices": [_("Give at least one choice.")]})
    if len(labels) != len(set(labels)):
        raise Invalid({"choices": [_("Two choices have the same name.")]})
    if len(found) > MOST_CHOICES:
        raise Invalid({"choices": [_("There can be %s choices.") % MOST_CHOICES]})
    return list(found.values())


def _code(label: str, taken: Any) -> str:
    base = slugify(label).replace("-", "_").upper()[:30] or "CHOICE"
    return next(code for n in range(1, len(taken) + 2) if (code := base if n == 1 else f"{base}_{n}") not in taken)


def _text(name: str, text: Any, longest: int) -> str:
    if not isinstance(text, str) or not is_storable(text):
        raise Invalid({name: [_("Write a text.")]})
    told = " ".join(plain_text(text).split())
    if len(told) > longest:
        raise Invalid({name: [_("At most %s characters.") % longest]})
    return told
