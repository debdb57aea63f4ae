"""Text of strangers stays text: on every page one gets to by following links, and in whatever an address says."""

import re
from html import escape, unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.db.models import CharField, TextField, Value
from django.db.models.functions import Cast, Concat
from django.urls import Resolver404, resolve
from makers import MAKERS

MARK = """javascript:alert(1)//'"></script><img src=x onerror=alert(1)>"""
SHORT = """'"></td><img src=x onerror=alert(1)>"""  # where no more fits: names of views, teams, tokens
# What a browser would run: a tag that came out of a text, an address that is a program.
RUN = re.compile(r"<img src=x|(?:href|src|action)=[\"']?\s*javascript:", re.IGNORECASE)
LINKS = re.compile(r'(?:href|hx-get|src|data-url)="([^"#]*)')
JSON = {"content_type": "application/json"}
LEAVING = ("sign_out", "see_as", "end_looking")
# Made by the product, not typed by anybody: codes, secrets, names of stored files.
OURS = re.compile(
    "password|digest|secret|sealed|token|path|handler|cursor|codename|app_label|verb|actor|kind|zone|table|caller|request"
    "|made_by|worker|sha256|message|language|session|^value$|^reason$"
)
pytestmark = [pytest.mark.slow, pytest.mark.pages_only]


def texts_of(model):
    """The columns of a table in which people and files write what they like, and what is written there."""
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, (CharField, TextField)) and not field.choices and not field.unique
        room = field.max_length or 999
        if is_text and room >= 60 and not OURS.search(field.attname):
            yield field.attname, MARK if room >= 100 else SHORT


def mark_all():
    """Every text of every room holds the mark."""
    for model in apps.get_models():
        columns = dict(texts_of(model)) if model.__module__.startswith("headwater.") else {}
        if columns:
            marked = {name: Concat(Value(mark), Cast("pk", CharField())) for name, mark in columns.items()}
            model._default_manager.update(**marked)


def crawl(client, start):
    """Every kind of page that links lead to, two of each at most: address and text."""
    waiting, seen = [start], {}
    asked = set()
    while waiting:
        address = waiting.pop(0)
        name = kind_of(address)
        if address in asked or name is None or seen.get(name, 0) >= 2 or any(word in name for word in LEAVING):
            continue
        asked.add(address)
        seen[name] = seen.get(name, 0) + 1
        answer = client.get(address)
        if "html" not in answer.get("Content-Type", ""):
            continue
        page = answer.content.decode()
        yield name, address, page
        here = urljoin("http://testserver", address)
        links = (urljoin(here, unescape(link)) for link in LINKS.findall(page))
        waiting += [urlsplit(link)._replace(scheme="", netloc="").geturl() for link in links if "//testserver/" in link]


def kind_of(address):
    """The name of an address and the noun it is about."""
    try:
        found = resolve(urlsplit(address).path)
    except Resolver404:
        return None
    noun = found.kwargs.get("noun") or found.kwargs.get("slug") or found.kwargs.get("key") or ""
    return f"{found.view_name} {noun}"


def test_no_page_runs_what_stands_in_a_text_or_an_address(make, client_of):
    for key in MAKERS:
        make(key)
    client = client_of("OWNER")
    client.post("/api/v1/views", {"noun": "leads", "name": "Hot", "params": {"stage": "NEW"}}, **JSON)
    client.post("/api/v1/webhooks", {"url": "https://erp.example/x", "label": "ERP"}, **JSON)
    client.post("/api/v1/teams", {"name": "North"}, **JSON)
    mark_all()
    words = ("q", "sort", "view", "filter", "group", "cols", "cursor", "next", "by", "basis", "as_of", "from", "name")
    names, shown, short = set(), 0, 0
    for name, address, page in crawl(client, "/"):
        names.add(name)
        shown += escape(MARK) in page
        short += escape(SHORT) in page
        does_not_run(page, address)
        answer = client.get(address.split("?")[0], dict.fromkeys(words, MARK))
        assert answer.status_code < 500, address
        does_not_run(answer.content.decode(errors="replace"), f"{address} with words")
    assert len(names) > 100, "so many kinds of pages there are at least"
    assert shown > 50 and short > 10, "many of them show the text"


def does_not_run(page, address):
    found = RUN.search(page)
    assert found is None, (address, page[max(0, found.start() - 200) : found.end() + 50])
