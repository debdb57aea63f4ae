"""From record to record within the list one came from, across its pages, at the same cost, kept by every step."""

import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from headwater.platform.paging import PAGE_SIZE
from headwater.platform.resource import REGISTRY

COUNT = PAGE_SIZE + 3


def words(answer) -> str:
    return answer.content.decode()


@pytest.fixture
def sources(by):
    """More sources than fit on a page, named in the order they were added."""
    from makers import AT

    from headwater.acquire.actions import add_source

    return [add_source(name=f"Fair {at:03}", channel="TRADE_SHOW", by=by, at=AT).pk for at in range(COUNT)]


def test_next_and_previous_cross_the_pages_of_the_list_with_its_filters_and_order(client_of, sources):
    client, came = client_of("OWNER"), {"channel": "TRADE_SHOW", "sort": "name", "q": "Fair"}
    told = urlencode({"in": urlencode(came)})
    counts = []
    for at in (1, PAGE_SIZE - 1, PAGE_SIZE):
        client.get(f"/sources/{sources[at]}?{told}")  # what is remembered once is not counted
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = words(client.get(f"/sources/{sources[at]}?{told}"))
        counts.append(len(asked))
        for key, neighbour in (("k", sources[at - 1]), ("j", sources[at + 1])):
            assert re.search(rf'href="/sources/{neighbour}\?{re.escape(told)}"[^>]*data-key="{key}"', page), (at, key)
    assert len(set(counts)) == 1, "as many queries in the middle of a page as at its end"


def test_the_list_one_came_from_stays_through_an_edit_and_its_undo(client_of, sources):
    client, told = client_of("OWNER"), urlencode({"in": "channel=TRADE_SHOW&sort=-name"})
    record = f"/sources/{sources[4]}?{told}"
    here = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": f"http://testserver{record}"}
    answer = client.post(f"/sources/{sources[4]}/edit", {"name": "Expo", "channel": "TRADE_SHOW", "note": ""}, **here)
    assert record in answer["HX-Location"]
    undo = re.search(r"/undo/\d+", answer["HX-Trigger"]).group()
    assert client.post(undo, **here)["HX-Redirect"] == record


def test_a_record_that_no_longer_fits_its_list_still_knows_the_way_on(client_of, sources):
    client, told = client_of("OWNER"), urlencode({"in": "channel=TRADE_SHOW&sort=name"})
    client.post(f"/sources/{sources[4]}/edit", {"name": "Fair 004", "channel": "REFERRAL", "note": ""})
    page = words(client.get(f"/sources/{sources[4]}?{told}"))
    assert f'href="/sources/{sources[5]}?' in page and f'href="/sources/{sources[3]}?' in page


def test_every_noun_opens_from_a_list_with_its_way_back(make, client_of):
    for key in ("parties.person", "qualify.lead"):
        resource, pk = REGISTRY[key].now(), make(key)[0]
        sort = next(column.key for column in resource.columns if column.sortable)
        page = words(client_of("OWNER").get(f"/{resource.slug}?sort={sort}"))
        assert f"/{resource.slug}/{pk}?{urlencode({'in': urlencode({'sort': sort})})}" in page
