"""How one sees a list: which columns, in which order and how wide."""

import re

from makers import AT

from headwater.platform.lists import actions
from headwater.platform.models import ListView
from headwater.team.queries import actor_of


def page_of(answer):
    return answer.content.decode()


def heads(page):
    head = page.split("<thead>")[1].split("</thead>")[0]
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<th .*?</th>", head, re.S)][1:]


def test_columns_stand_in_the_order_they_were_put_for_this_person_alone(client_of, make):
    make("qualify.lead")
    client, other = client_of("FIELD_REP"), client_of("OWNER")
    usual = heads(page_of(other.get("/leads")))
    client.post("/leads/layout", {"cols": ["stage", "name", "email"], "query": "", "density": "compact"})
    page = page_of(client_of("FIELD_REP").get("/leads"))
    shown = heads(page)
    assert shown[0] == "Stage" and len(shown) == 3 and " compact" in page
    assert heads(page_of(other.get("/leads"))) == usual
    client.post("/leads/layout", {"cols": ["stage", "name", "email"], "down": "stage", "query": ""})
    assert heads(page_of(client.get("/leads")))[1] == "Stage"
    assert client.post("/leads/layout", {"query": ""}).status_code == 422
    client.post("/leads/layout", {"reset": "1", "query": ""})
    assert heads(page_of(client.get("/leads"))) == usual


def test_widths_come_with_the_list(client_of, make):
    make("qualify.lead")
    client = client_of("FIELD_REP")
    assert client.post("/leads/widths", {"width-stage": "160", "query": ""}).status_code == 204
    page = page_of(client.get("/leads"))
    assert '<col data-col="stage" class="wide-20">' in page and " fixed" in page
    for wrong in ("9000", "-5", "many", "1"):
        assert client.post("/leads/widths", {"width-stage": wrong, "query": ""}).status_code == 422
    assert client.post("/leads/widths", {"width-shoes": "100", "query": ""}).status_code == 422
    assert " fixed" not in page_of(client_of("OWNER").get("/leads"))


def test_a_private_view_keeps_columns_and_widths_itself_a_shared_one_does_not(client_of, people, make):
    make("qualify.lead")
    given = {"name": "Hot ones", "noun": "qualify.lead", "params": {"stage": "MQL"}, "at": AT}
    own = actions.save_view(**given, by=actor_of(people["FIELD_REP"])).pk
    shared = actions.save_view(**given, scope="EVERYBODY", by=actor_of(people["HEAD_OF_SALES"])).pk
    client = client_of("FIELD_REP")
    client.post("/leads/layout", {"cols": ["stage", "owner"], "query": f"view={own}"})
    client.post("/leads/widths", {"width-stage": "96", "query": f"view={own}"})
    row = ListView.objects.get(pk=own)
    assert (row.columns, row.widths) == (["stage", "owner"], {"stage": 96})
    answer = client.post("/leads/layout", {"cols": ["stage", "owner"], "query": f"view={shared}"})
    assert answer["Location"] == f"/leads?view={shared}&cols=stage,owner", "others see it unless they save it"
    client.post("/leads/widths", {"width-stage": "96", "query": f"view={shared}"})
    row = ListView.objects.get(pk=shared)
    assert (row.columns, row.widths) == ([], {})
