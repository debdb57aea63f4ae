"""How facts are said to people: names for ids, labels for codes, money and days as everywhere else; here alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from headwater.platform.clock import now
from headwater.platform.custom.values import HELD, changed_keys
from headwater.platform.events import Fact
from headwater.platform.resource import REGISTRY, Choices
from headwater.platform.translated import inside
from headwater.web import format as words
from headwater.web.notation import here

MONEY = frozenset({"amount", "cost", "budget"})
PHRASES = frozenset({"what", "why"})  # kept as our own English words, see noted()

_FIELDS_IN = re.compile(r"\{(\w+)\}")
_CODE = re.compile(r"NEW|[A-Z][A-Z_]{3,}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_ROW = re.compile(r"([a-z ]+):\d+")
_WORDS = {"EMAIL": _("e-mail"), "TODO": _("to-do")}
_SPACES = re.compile(r"\s{2,}")
# What a sentence does not end with, because what it led to is not said.
_LEADING = pgettext_lazy("words that lead to something, with | between", "from|to|by|until|for")
_LABELS: dict[tuple[str, str], dict[str, Any]] = {}


def say(*facts: type[Fact], **fields: Choices) -> None:
    """Declare what the codes in some fields of facts are called: ``say(LeadDisqualified, reason=Reason.choices)``."""
    for cls in facts:
        for name, choices in fields.items():
            _LABELS[cls.verb, name] = {str(code): label for code, label in choices}


def sentence(
    cls: type[Fact],
    values: Mapping[str, Any],
    names: Mapping[str, str],
    *,
    subject_type: str = "",
    closed: Collection[str] = (),
) -> str:
    """A fact in words. ``names`` holds those of its fields that are ids, by what the reader calls them; of those in
    ``closed`` the reader learns nothing."""
    said: defaultdict[str, str] = defaultdict(str)
    template = str(cls.sentence)
    fields = _FIELDS_IN.findall(template)
    for name in fields:
        value = values.get(name)
        if name in names:
            said[name] = names[name]
        elif value is None or value == "" or name in closed:
            continue
        elif name in PHRASES:
            said[name] = gettext(str(value))
        elif name in MONEY:
            said[name] = _money(value, str(values.get("currency") or ""))
        elif name == "currency" and any(values.get(other) is not None for other in MONEY & set(fields)):
            continue  # said with the amount
        elif name == "names" and cls.verb == "platform.changed":
            said[name] = _columns(value, values, subject_type, closed)
        else:
            said[name] = str(_LABELS.get((cls.verb, name), {}).get(str(value)) or _spoken(value))
    dangling = re.compile(rf"[\s,:]+(?:{_LEADING})?$")
    text = dangling.sub("", _SPACES.sub(" ", template.format_map(said)).strip())
    return text[:1].upper() + text[1:]


def _money(value: Any, currency: str) -> str:
    try:
        return words.money(Decimal(str(value)), currency, here())
    except InvalidOperation:
        return str(value)


def _columns(spoken: Any, values: Mapping[str, Any], subject_type: str, closed: Collection[str]) -> str:
    """The changed fields as the columns of their noun are called; as they were told where it has none of that name."""
    resource = REGISTRY.get(subject_type)
    if resource is not None:
        resource = resource.now()
    changed = changed_in(values)
    if resource is None or not changed:
        closed_words = {name.removesuffix("_id").replace("_", " ") for name in closed}
        return ", ".join(word for word in str(spoken).split(", ") if word not in closed_words)
    labels = []
    for name in changed:
        if name in closed:
            continue
        key = name.removesuffix("_id")
        column = resource.by_key.get(name) or resource.by_key.get(key)
        labels.append(inside(column.label) if column is not None else key.replace("_", " "))
    return ", ".join(dict.fromkeys(labels))


def changed_in(values: Mapping[str, Any]) -> list[str]:
    """What an edit changed, each of the company's own fields by itself."""
    fields = {**(values.get("fields") or {}), **(values.get("personal_fields") or {})}
    own = fields.pop(HELD, None)
    return [*fields, *(sorted(changed_keys(*own)) if own else ())]


def _spoken(value: Any) -> str:
    locale, zone = here(), timezone.get_current_timezone()
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, (int, float)):
        return words.number(value, locale)
    text = str(value)
    if text in _WORDS:
        return str(_WORDS[text])
    if _DAY.fullmatch(text):
        return _when(text, lambda: words.day(date.fromisoformat(text), locale, today=timezone.localtime(now()).date()))
    if _MOMENT.fullmatch(text):
        return _when(text, lambda: words.moment(datetime.fromisoformat(text), locale, now=now(), zone=zone))
    if row := _ROW.fullmatch(text):  # why somebody got access: the number says nothing to a reader
        return row[1]
    return text.replace("_", " ").lower() if _CODE.fullmatch(text) else text


def _when(text: str, written: Any) -> str:
    try:
        return str(written())
    except ValueError:
        return text
