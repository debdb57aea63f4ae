"""What a list says of all its rows: total, order, groups; the page itself never counts, and costs the same for many."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from makers import nouns_in_turn

from headwater.platform.lists import actions
from headwater.platform.models import ListView
from headwater.platform.resource import REGISTRY
from headwater.platform.testing import count_queries
from headwater.qualify.models import Lead
from headwater.team.queries import actor_of
from headwater.web import grouping, totals

NOUNS = sorted(REGISTRY)
HX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def of(people):
    return lambda role: actor_of(people[role])


def words(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def plain(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def opened(page):
    return re.findall(r'data-open href="/leads/(\d+)', page)


# Totals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", NOUNS)
def test_a_page_never_counts(key, make, client_of):
    make(key, 2)
    client = client_of("OWNER")
    client.get(f"/{REGISTRY[key].slug}")
    with count_queries() as asked:
        client.get(f"/{REGISTRY[key].slug}", **HX)
    assert not [query["sql"] for query in asked if "COUNT(" in query["sql"].upper()]


def test_the_total_comes_after_the_page_and_stops_at_its_limit(make, client_of, monkeypatch):
    make("qualify.lead", 5)
    for module in ("headwater.web.totals", "headwater.web.liststate"):
        monkeypatch.setattr(f"{module}.COUNT_LIMIT", 3)
    client = client_of("OWNER")
    Lead.objects.update(currency="EUR", amount=Decimal("10.50"))
    Lead.objects.filter(pk__in=Lead.objects.order_by("-pk").values("pk")[:1]).update(currency="USD")
    query = "view=all&sort=arrived_at&cols=name,amount"
    page = words(client.get(f"/leads?{query}"))
    assert "5 leads" in page, "one that fits on its page needs no counting"
    assert f'hx-get="/leads/totals?{query}&shown=5"' in page.replace("&amp;", "&")
    told = words(client.get(f"/leads/totals?{query}&shown=2", **HX))
    assert "2 of more than 3 leads" in told and "exact=1" in told and "of the first 3" in plain(told)
    assert "€31.50" in told and "$" not in told, "the first three in the order of the list"
    exact = words(client.get(f"/leads/totals?{query}&shown=2&exact=1", **HX))
    assert "2 of 5 leads" in exact and "Count exactly" not in exact
    few = words(client.get(f"/leads/totals?{query}&stage=NEW&amount__gte=10&q=Orla", **HX))
    assert "<html" not in few
    whole = words(client.get(f"/leads/totals?{query}"))
    assert "<html" in whole and "more than 3" in whole, "without script the total comes with the list"


def test_groups_and_the_tab_are_counted_exactly_with_the_list(make, client_of, monkeypatch):
    make("qualify.lead", 5)
    for module in ("headwater.web.totals", "headwater.web.liststate", "headwater.web.grouping"):
        monkeypatch.setattr(f"{module}.COUNT_LIMIT", 3)
    client = client_of("OWNER")
    query = "view=all&group=stage"
    assert '<span class="ct" id="group-count-NEW">3+</span>' in words(client.get(f"/leads?{query}"))
    assert '<span class="ct" id="tab-count">3+</span>' in words(client.get("/leads/counts?view=all"))
    told = words(client.get(f"/leads/totals?{query}", **HX))
    assert "exact=1" in told and "group-count" not in told and "tab-count" not in told
    exact = words(client.get(f"/leads/totals?{query}&exact=1", **HX))
    assert '<span class="ct" id="group-count-NEW" hx-swap-oob="true">5</span>' in exact
    assert '<span class="ct" id="tab-count" hx-swap-oob="true">5</span>' in exact
    for narrowed in ("stage=NEW", "q=Orla"):
        assert "tab-count" not in words(client.get(f"/leads/totals?{query}&{narrowed}&exact=1", **HX))
    whole = words(client.get(f"/leads/totals?{query}&exact=1"))
    assert '<span class="ct" id="group-count-NEW">5</span>' in whole, "without script, too"


def test_amounts_of_different_currencies_are_never_added_up(make, client_of):
    make("qualify.lead", 3)
    Lead.objects.update(currency="EUR", amount=Decimal("0.10"))
    Lead.objects.filter(pk=Lead.objects.latest("pk").pk).update(currency="USD", amount=7)
    told = words(client_of("OWNER").get("/leads/totals?view=all&cols=name,amount", **HX))
    assert "€0.20 · $7" in told.replace("US$", "$")
    assert "3 leads" in told


# Order ---------------------------------------------------------------------------------------------------


def test_heads_and_menu_say_and_change_the_order(make, client_of):
    make("qualify.lead", 2)
    client = client_of("OWNER")
    page = words(client.get("/leads?view=all&cols=name,amount,clock&sort=-amount,name"))
    assert page.count("aria-sort") == 1
    head = page.split("<thead>")[1].split("</thead>")[0]
    amount, name = head.split('id="head-amount"')[1], head.split('id="head-name"')[1]
    assert "sort=amount&amp;" in amount.split(">")[0].replace("%2C", ",")
    assert 'data-add="/leads?view=all&amp;sort=-amount,-name&amp;cols=name,amount,clock"' in name
    clock = head.split('id="head-clock"')[1].split(">")[0]
    assert 'data-add="/leads?view=all&amp;sort=-amount,name,clock&amp;' in clock
    menu = page.split('id="sort-menu"')[1].split("</details>")[0]
    assert "Do not sort by Name and company" in menu and "Then by Clock" in menu and "The usual order" in menu


def test_several_columns_sort_and_page_on(make, client_of):
    ids = make("qualify.lead", 6)
    for at, pk in enumerate(ids):
        Lead.objects.filter(pk=pk).update(amount=[None, 5, 9][at % 3], arrived_at=datetime(2026, 1, 1 + at, tzinfo=UTC))
    client = client_of("OWNER")
    address, found = "/api/v1/leads?limit=2&sort=-amount,arrived_at", []
    page = client.get(address).json()
    found += [row["id"] for row in page["items"]]
    while page["next"]:
        page = client.get(f"{address}&cursor={page['next']}").json()
        found += [row["id"] for row in page["items"]]
    assert found == [ids[at] for at in (2, 5, 1, 4, 0, 3)]


# Groups --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", nouns_in_turn())
def test_every_groupable_column_groups_and_costs_the_same(key, make, client_of):
    resource = REGISTRY[key].now()
    columns = [column for column in resource.columns if column.groupable]
    client = client_of("OWNER")
    make(key, 2)

    def cost():
        found = {}
        for column in columns:
            with count_queries() as asked:
                assert "group-h" in words(client.get(f"/{resource.slug}?group={column.key}", **HX))
            found[column.key] = len(asked)
        return found

    cost()
    few = cost()
    make(key, 8)
    assert cost() == few


def test_groups_have_counts_sums_and_the_first_rows(make, client_of, monkeypatch):
    monkeypatch.setattr(grouping, "FIRST_ROWS", 2)
    ids = make("qualify.lead", 6)
    Lead.objects.filter(pk__in=ids).update(amount=100, currency="EUR", arrived_at=datetime(2026, 1, 1, tzinfo=UTC))
    Lead.objects.filter(pk__in=ids[:4]).update(stage="MQL")
    client = client_of("OWNER")
    page = words(client.get("/leads?group=stage&cols=name,amount&sort=arrived_at"))
    heads = [plain(head) for head in re.findall(r'<tr class="group-h">.*?</tr>', page, re.S)]
    assert [head.split()[:2] for head in heads] == [["New", "2"], ["MQL", "4"]]
    assert "€400" in heads[1] and "€200" in heads[0]
    assert opened(page) == [str(pk) for pk in [*ids[4:], *ids[:2]]], "two of each, in the order of the list"
    more = re.search(r'hx-get="(/leads/group\?[^"]*of=MQL[^"]*)"', page)[1].replace("&amp;", "&")
    rest = words(client.get(more, **HX))
    assert opened(rest) == [str(pk) for pk in ids[2:4]] and "Show more" not in rest
    assert client.get(more).status_code == 302, "a piece of a list is no page"
    assert client.get(more.replace("of=MQL", "of=NOWHERE"), **HX).status_code == 404
    assert client.get("/leads?group=email").status_code == 422
    total = words(client.get("/leads/totals?group=stage&cols=name,amount", **HX))
    assert "6 leads" in total and "€600" in total


def test_groups_keep_to_filters_search_and_rights(make, client_of, of):
    ids = make("qualify.lead", 3)
    Lead.objects.filter(pk=ids[0]).update(stage="MQL", owner=None)
    client = client_of("OWNER")
    page = words(client.get("/leads?group=owner&stage=MQL"))
    assert opened(page) == [str(ids[0])] and "None" in plain(page.split("group-h")[1])
    rep = words(client_of("INDEPENDENT_REP").get("/leads?group=stage"))
    assert opened(rep) == [str(ids[0])], "what is nobody's yet, and nothing of others"
    key = actions.save_view(
        noun="qualify.lead", name="By stage", params={"group": "stage"}, by=of("OWNER"), at=datetime.now(tz=UTC)
    ).pk
    assert "group-h" in words(client.get(f"/leads?view={key}"))
    assert "group-h" not in words(client.get(f"/leads?view={key}&group="))
    assert client.get(f"/api/v1/leads?view={key}").status_code == 200
    ListView.objects.update(params={"group": "shoe_size"})
    assert client.get(f"/leads?view={key}").status_code == 200, "a column may have gone"


def test_a_group_of_very_many_says_so_and_gives_no_sum(make, client_of, monkeypatch):
    make("qualify.lead", 3)
    for module in (grouping, totals):
        monkeypatch.setattr(module, "COUNT_LIMIT", 2)
    page = words(client_of("OWNER").get("/leads?group=stage&cols=name,amount"))
    head = plain(page.split("group-h")[1].split("</tr>")[0])
    assert "2+" in head and "€" not in head
