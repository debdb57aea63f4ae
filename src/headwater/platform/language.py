"""In which language somebody reads: the one they chose, else the company's, else what their browser asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

_chosen_by: list[Callable[[int | None], str]] = []


def spoken() -> list[tuple[str, str]]:
    """The languages there are, each by its own name."""
    return list(settings.LANGUAGES)


def asked_for(header: str) -> str:
    """The first language of an ``Accept-Language`` header that we speak; empty without one."""
    for code, _weight in parse_accept_lang_header(header):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return ""


def speaking(*wanted: str) -> AbstractContextManager[Any]:
    """Speak the first of these languages that is given, English where none is."""
    return translation.override(next((code for code in wanted if code), settings.LANGUAGE_CODE))


def choose_by(chosen: Callable[[int | None], str]) -> None:
    """Called once by the room that knows what people chose, and the company for all others."""
    _chosen_by[:] = [chosen]


def speaking_to(user_id: int | None) -> AbstractContextManager[Any]:
    """Speak the language of somebody who is not here: of whom a job works for, or a mail is to."""
    return speaking(*(chosen(user_id) for chosen in _chosen_by))


def in_this_language(parts: Iterator[str]) -> Iterator[str]:
    """What is made piece by piece after its page was answered, in the language of that page."""
    return _in_language(translation.get_language(), parts)


def _in_language(code: str | None, parts: Iterator[str]) -> Iterator[str]:
    while True:
        with translation.override(code):
            part = next(parts, None)
        if part is None:
            return
        yield part
