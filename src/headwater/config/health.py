"""Whether pages are served and the database answers; for ``headwater up``, proxies and monitors."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache


@never_cache
@login_not_required
def health(_request: HttpRequest) -> HttpResponse:
    """200 and *ok* when all is well."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")
