"""The values of a record, beside their labels."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from headwater.platform.resource import Column
from headwater.platform.translated import inside
from headwater.web.drawn import format_html
from headwater.web.record import Detail
from headwater.web.templatetags.headwater import icon
from headwater.web.templatetags.workbench import value

register = template.Library()


@register.simple_tag(takes_context=True)
def known_values(context: Context, details: Iterable[Detail]) -> SafeString:
    """Each value with its label, the way to change it and the way to what it was before.

    A record has forty of them: put together here they cost a tenth of what they do in a template.
    """
    url = f"/{context['resource'].slug}/{context['row'].pk}"
    parts: list[str] = []
    for column, field, has_history, reason in details:
        shown = value(context, column, context["row"])
        parts += (
            format_html("<dt>{}</dt><dd{}>", column.file_label or column.label, _kept_in(field)),
            _to_change(url, column, field, shown) if field else format_html("<bdi>{}</bdi>", shown),
            format_html('<div class="sm mut">{}</div>', reason) if reason else "",
            _to_history(url, column) if has_history else "",
            "</dd>",
        )
    return mark_safe("".join(parts))  # noqa: S308  (each part is escaped)


def _kept_in(field: str) -> SafeString | str:
    return format_html(' data-cell="{}"', field) if field else ""


def _to_change(url: str, column: Column, field: str, shown: str) -> SafeString:
    return format_html(
        '<a class="plain" data-value href="{url}/edit#id_{field}" hx-get="{url}/edit?field={field}"'
        ' hx-target="#dialog-place" title="{title}">{shown}</a>',
        url=url,
        field=field,
        title=_("Change %(name)s") % {"name": inside(column.label)},
        shown=shown,
    )


def _to_history(url: str, column: Column) -> SafeString:
    return format_html(
        '<a class="was" href="{url}" hx-get="{url}" hx-target="#dialog-place" title="{title}" aria-label="{name}">'
        "{icon}</a>",
        url=f"{url}/history?field={column.key}",
        title=_("What it was before"),
        name=_("%(name)s: what it was before") % {"name": column.label},
        icon=icon("history", 14),
    )
