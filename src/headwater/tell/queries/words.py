"""The words of mails: what they say as delivered, what the company says instead, and both filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from headwater.tell.models import MailKind, MailTemplate
from headwater.tell.rules import filled, one_line

# What each kind of mail can say, and what that means.
_ALWAYS: Final[dict[str, Any]] = {
    "name": _("Whom the mail is to"), "company": _("What the company is called"),
    "link": _("Where the mail leads; a line of its own becomes a button"),
}  # fmt: skip
PLACEHOLDERS: Final[dict[str, dict[str, Any]]] = {
    MailKind.INVITATION: {**_ALWAYS, "who": _("Who invites")},
    MailKind.RESET: _ALWAYS,
    MailKind.NEWS: {**_ALWAYS, "news": _("What happened, in a sentence")},
    MailKind.DIGEST: {**_ALWAYS, "news": _("What is new and what waits, line by line")},
}

DELIVERED: Final[dict[str, tuple[Any, Any]]] = {
    MailKind.INVITATION: (
        _("{who} invites you to {company} in Headwater"),
        _(
            "Hello {name},\n\n{who} made you an account in Headwater, where {company} looks after its customers."
            "\n\nChoose a password that only you know:\n\n{link}\n\nThe link works once and for three days."
        ),
    ),
    MailKind.RESET: (
        _("Choose a new password"),
        _(
            "Hello {name},\n\nsomebody, probably you, asked for a new password in Headwater at {company}."
            "\n\nChoose it here:\n\n{link}\n\nThe link works once and for an hour. If it was not you, do nothing: "
            "your password stays as it is."
        ),
    ),
    MailKind.NEWS: ("{news}", _("Hello {name},\n\n{news}\n\n{link}")),
    MailKind.DIGEST: (
        _("Your day at {company}"), _("Hello {name},\n\n{news}\n\nOpen Headwater:\n\n{link}")
    ),
}  # fmt: skip

_STOP: Final = _("Send me no more mails like this")
_SMALL: Final = "font-size:13px;color:#5b6775"
_BUTTON: Final = "padding:10px 18px;background:#1f5f8b;color:#ffffff;border-radius:6px;text-decoration:none"
_STYLE: Final = "font:16px/1.5 sans-serif;color:#1b2733;max-width:560px"


@dataclass(frozen=True)
class Lines:
    """Sentences one below the other, and where each leads, if anywhere: in plain text beneath, on a page by a click."""

    lines: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "\n".join(f"{said}\n  {link}" if link else said for said, link in self.lines)

    def __html__(self) -> SafeString:
        linked = (format_html('<a href="{}">{}</a>', link, said) if link else said for said, link in self.lines)
        return format_html_join("\n", "{}", ((line,) for line in linked))


Values = Mapping[str, str | Lines]


@dataclass(frozen=True)
class Words:
    """Subject and text of a kind of mail, with placeholders; ``is_own``: the company wrote them."""

    kind: MailKind
    subject: str
    text: str
    is_own: bool

    def subject_with(self, values: Values) -> str:
        """The subject, filled in."""
        return one_line(filled(self.subject, _as_text(values)))[:200]

    def text_with(self, values: Values, stop_link: str = "") -> str:
        """The plain text, filled in; below it where such mails are stopped, if they can be."""
        said = filled(self.text, _as_text(values))
        return f"{said}\n\n-- \n{_STOP}\n{stop_link}\n" if stop_link else said

    def html_with(self, values: Values, stop_link: str = "") -> SafeString:
        """The same as a page: everything is escaped, and a paragraph that is only the link becomes a button."""
        parts = [part for part in self.text.replace("\r\n", "\n").split("\n\n") if part.strip()]
        paragraphs = [_paragraph(part.strip(), values) for part in parts]
        if stop_link:
            paragraphs.append(format_html('<a href="{}" style="{}">{}</a>', stop_link, _SMALL, _STOP))
        return _page(paragraphs)


def words_of(kind: str) -> Words:
    """What a kind of mail says now, in the language that is spoken here."""
    own = MailTemplate.objects.filter(kind=kind).first()
    return Words(MailKind(kind), own.subject, own.text, is_own=True) if own else delivered_words(kind)


def delivered_words(kind: str) -> Words:
    """What it says as delivered."""
    subject, text = DELIVERED[kind]
    return Words(MailKind(kind), str(subject), str(text), is_own=False)


def plain_page(text: str) -> SafeString:
    """A text without placeholders as a page."""
    return _page([_paragraph(text, {})])


def _page(paragraphs: Iterable[SafeString]) -> SafeString:
    inner = format_html_join("\n", "<p>{}</p>", ((paragraph,) for paragraph in paragraphs))
    return format_html('<!doctype html><html><body><div style="{}">{}</div></body></html>', _STYLE, inner)


def _paragraph(part: str, values: Values) -> SafeString:
    if part == "{link}" and values.get("link"):
        link = values["link"]
        return format_html('<a href="{}" style="{}">{}</a>', link, _BUTTON, link)
    escaped = {name: value.__html__() if isinstance(value, Lines) else escape(value) for name, value in values.items()}
    return SafeString(filled(escape(part), escaped).replace("\n", "<br>"))


def _as_text(values: Values) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
