"""Lists and boards as one left them: groups that were closed, views and words on the board, names that are gone."""

import re

import pytest

from headwater.platform.resource import REGISTRY
from headwater.qualify.models import Lead
from headwater.team.models import User


def words(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_a_group_that_was_closed_stays_closed_and_brings_its_rows_when_opened(make, client_of):
    pk = make("qualify.lead", 1)[0]
    client, here = client_of("OWNER"), "/leads?view=all&group=stage"
    assert f'data-record="/leads/{pk}"' in words(client.get(here))
    page = words(client.get(f"{here}&folded=NEW,MQL"))
    assert f'data-record="/leads/{pk}"' not in page
    button = re.search(r'<button[^>]*id="group-NEW"[^>]*>', page).group()
    assert 'aria-expanded="false"' in button
    more = re.search(r'hx-get="([^"]+)"', button).group(1).replace("&amp;", "&")
    assert f'data-record="/leads/{pk}"' in words(client.get(more, HTTP_HX_REQUEST="true"))


def test_the_board_has_the_views_and_the_words_of_the_list(make, client_of):
    one, other = make("qualify.lead", 2)
    Lead.objects.filter(pk=one).update(interest="QUOTE_REQUEST")
    Lead.objects.filter(pk=other).update(interest="ENQUIRY")
    client = client_of("OWNER")
    page = words(client.get("/leads/board?view=quotes"))
    assert f'id="card-{one}"' in page and f'id="card-{other}"' not in page
    assert re.search(r'href="/leads/board\?view=quotes"[^>]*aria-current="page"', page)
    assert 'href="/leads/board?view=all"' in page
    assert re.search(r'<input type="hidden" name="view" value="quotes">.*<input[^>]*name="q"', page)
    found = words(client.get(f"/leads/board?q={Lead.objects.get(pk=other).party.name}"))
    assert f'id="card-{other}"' in found


def test_who_is_on_offer_no_more_is_still_called_by_name(make, client_of, people):
    pk = make("qualify.lead", 1)[0]
    gone = people["INSIDE_SALES"]
    Lead.objects.filter(pk=pk).update(owner=gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    page = words(client_of("OWNER").get(f"/leads?view=all&owner={gone.pk}"))
    assert f"Owner: {gone.name}" in page
    unknown = words(client_of("OWNER").get("/leads?view=all&owner=999999"))
    assert "Owner: #999999" in unknown


@pytest.mark.parametrize(("role", "to"), [("OWNER", "/settings/company"), ("INSIDE_SALES", "/settings/")])
def test_settings_lead_to_the_first_page_of_them_one_may_see(role, to, client_of):
    answer = client_of(role).get("/settings")
    assert answer.status_code == 302 and answer["Location"].startswith(to)
    assert client_of(role).get(answer["Location"]).status_code == 200


@pytest.mark.slow
def test_every_noun_is_asked_for_names_that_are_gone_without_falling_over(client_of):
    client = client_of("OWNER")
    for resource in REGISTRY.values():
        for column in resource.columns:
            if column.kind.name == "RELATION" and column.filterable:
                assert client.get(f"/{resource.slug}?view=all&{column.key}=999999").status_code == 200
