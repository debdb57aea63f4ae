"""Own, team, team and below, all: the same for leads, people, companies, opportunities and orders on every way in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from makers import AT, SOON

from headwater.measure.metrics.scope import scope_of
from headwater.measure.rules.periods import ReportRequest
from headwater.parties.models import Grant, Party
from headwater.platform import few, paging
from headwater.platform.actor import Visibility, owned_rows
from headwater.platform.filter import EVERYTHING, Condition
from headwater.platform.lists import cut as cuts
from headwater.platform.lists.cut import Cut
from headwater.platform.lists.groups import groups_of
from headwater.platform.lists.totals import summed_columns
from headwater.platform.lots import are_in_order, is_in_lots, is_in_order, lots_of
from headwater.platform.paging import neighbours, page_of
from headwater.platform.resource import REGISTRY, filtered
from headwater.team import rules
from headwater.team.models import Team, User
from headwater.team.queries import actor_of
from headwater.team.rules import RoleRights

OWNED = ["parties.person", "parties.organisation", "qualify.lead", "sell.opportunity", "sell.order"]
PLACES = ("mine", "mate's", "team's", "below's", "beside's", "above's")
SEEN = {
    "OWN": {"mine"},
    "TEAM": {"mine", "mate's", "team's"},
    "SUBTREE": {"mine", "mate's", "team's", "below's"},
    "ALL": set(PLACES),
}


def test_every_noun_of_owners_and_teams_is_looked_at():
    found = {key for key, resource in REGISTRY.items() if hasattr(resource.searched.model, "team_id")}
    assert {key for key in found if hasattr(REGISTRY[key].searched.model, "owner_id")} == set(OWNED)


@pytest.fixture
def me(people) -> User:
    """A rep of a team that stands below one and above another."""
    teams = {}
    for name, parent in (("Sales", None), ("Field", "Sales"), ("North", "Field"), ("Beside", "Sales")):
        teams[name] = Team.objects.create(name=name, parent=teams.get(parent))
    rep = people["FIELD_REP"]
    User.objects.filter(pk=rep.pk).update(team=teams["Field"])
    rep.refresh_from_db()
    return rep


@pytest.fixture
def placed(me, people, make):
    """The same rows of a noun in every place: ``placed(key)`` hands back their ids by place."""
    stranger = people["HEAD_OF_SALES"].pk
    team = {name: pk for pk, name in Team.objects.values_list("pk", "name")}
    whose = {
        "mine": (me.pk, None), "mate's": (stranger, team["Field"]), "team's": (None, team["Field"]),
        "below's": (stranger, team["North"]), "beside's": (stranger, team["Beside"]),
        "above's": (stranger, team["Sales"]),
    }  # fmt: skip

    def put(key):
        model = REGISTRY[key].searched.model
        ids = dict(zip(PLACES, make(key, len(PLACES)), strict=True))
        for place, (owner_id, team_id) in whose.items():
            model.objects.filter(pk=ids[place]).update(owner_id=owner_id, team_id=team_id)
        return ids

    return put


@pytest.mark.parametrize("key", [pytest.param(key, marks=() if key in SOON else pytest.mark.slow) for key in OWNED])
def test_pages_api_export_search_and_changes_show_what_lies_within_reach(key, me, placed, client_of, monkeypatch):
    resource, ids = REGISTRY[key], placed(key)
    verbs = rules.ROLE_RIGHTS["FIELD_REP"].verbs - {"qualify.lead.claim"} | {resource.verb("export")}
    client = client_of("FIELD_REP")
    of = {pk: place for place, pk in ids.items()}
    for visibility, expected in SEEN.items():
        monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", RoleRights(frozenset(verbs), visibility))
        actor = actor_of(me)
        rows = resource.rows(actor).filter(pk__in=of)
        assert {of[pk] for pk in rows.values_list("pk", flat=True)} == expected, visibility
        held = resource.searched.model.objects.filter(owned_rows(actor), pk__in=of)
        assert {of[pk] for pk in held.values_list("pk", flat=True)} == expected, "set-based and nothing else"
        api = client.get(f"/api/v1/{resource.slug}?limit=100").json()["items"]
        assert {of[item["id"]] for item in api if item["id"] in of} == expected, visibility
        page = client.get(f"/{resource.slug}").content.decode()
        assert {place for place, pk in ids.items() if f'href="/{resource.slug}/{pk}' in page} == expected, visibility
        for place, pk in ids.items():
            is_there = 200 if place in expected else 404
            assert client.get(f"/{resource.slug}/{pk}").status_code == is_there, (visibility, place)
            assert client.get(f"/api/v1/{resource.slug}/{pk}").status_code == is_there, (visibility, place)
        lines = b"".join(client.get(f"/{resource.slug}/export.csv").streaming_content).decode().strip().splitlines()
        assert len(lines) - 1 >= len(expected) and (visibility == "ALL" or len(lines) - 1 <= len(expected) + 1)


@pytest.mark.parametrize("visibility", list(Visibility))
def test_a_row_of_the_team_is_reached_exactly_where_it_is_listed(visibility, me, placed, monkeypatch):
    """What actions ask of one row and what queries ask of all is the same rule."""
    ids = placed("qualify.lead")
    model = REGISTRY["qualify.lead"].searched.model
    monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", RoleRights(frozenset({"qualify.lead.see"}), visibility.value))
    actor = actor_of(me)
    for place, pk in ids.items():
        row = model.objects.get(pk=pk)
        assert actor.reaches(owner_id=row.owner_id, team_id=row.team_id) is (place in SEEN[visibility.value])


@pytest.mark.parametrize("visibility", list(Visibility))
def test_boards_and_reports_reach_as_far_as_lists(visibility, me, placed, client_of, monkeypatch):
    boards = (
        ("/leads/board", "leads", placed("qualify.lead")),
        ("/pipeline", "opportunities", placed("sell.opportunity")),
    )
    verbs = rules.ROLE_RIGHTS["FIELD_REP"].verbs - {"qualify.lead.claim"}
    monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", RoleRights(verbs, visibility.value))
    client, actor, expected = client_of("FIELD_REP"), actor_of(me), SEEN[visibility.value]
    for address, slug, ids in boards:
        page = client.get(address).content.decode()
        assert {place for place, pk in ids.items() if f'/{slug}/{pk}"' in page} == expected, address
    report = scope_of(actor, ReportRequest(), zone=ZoneInfo("UTC"), currency="EUR", at=AT)
    assert report.team_ids == (sorted(actor.team_ids) if visibility.is_of_teams else [])


@pytest.mark.parametrize("key", OWNED)
def test_a_list_asks_as_often_whatever_one_sees(key, me, placed, client_of, monkeypatch, django_assert_max_num_queries):
    resource, counts = REGISTRY[key], []
    placed(key)
    monkeypatch.setattr(few, "LONG", 10**9)  # PostgreSQL's ids go on from test to test, however few rows there are
    client = client_of("FIELD_REP")
    client.get(f"/{resource.slug}")
    for visibility in SEEN:
        rights = RoleRights(rules.ROLE_RIGHTS["FIELD_REP"].verbs, visibility)
        monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", rights)
        with django_assert_max_num_queries(60) as asked:
            assert client.get(f"/{resource.slug}").status_code == 200
        counts.append(len(asked))
    assert max(counts) - min(counts) <= 2, counts


def _given(key, me, ids):
    """What lies beside and above was opened or handed to somebody, as far as such a noun can be."""
    team = Team.objects.get(name="Field").pk
    if key.startswith("parties."):
        Grant.objects.create(party_id=ids["beside's"], user_id=me.pk, reason="test")
        Grant.objects.create(party_id=ids["above's"], team_id=team, reason="test")
    if key == "qualify.lead":
        model = REGISTRY[key].searched.model
        model.objects.filter(pk=ids["beside's"]).update(handed_to_id=me.pk)
        model.objects.filter(pk=ids["above's"]).update(owner_id=None, team_id=None)  # in the pool, for all to claim


def _walked(rows, resource, sort, reach):
    """All of a list page by page, there and back, and what stands beside each row."""
    page, there, back = page_of(rows, resource, sort=sort, size=2, reach=reach), [], []
    while True:
        there += page.rows
        if page.next is None:
            break
        page = page_of(rows, resource, sort=sort, size=2, cursor=page.next, reach=reach)
    while page.previous is not None:
        page = page_of(rows, resource, sort=sort, size=2, cursor=page.previous, reach=reach)
        back = [*page.rows, *back]
    beside = [neighbours(rows, resource, row, sort=sort, reach=reach) for row in there]
    return [row.pk for row in there], [row.pk for row in back], beside


@pytest.mark.slow
@pytest.mark.parametrize("key", OWNED)
def test_a_list_is_the_same_where_it_is_collected_by_what_one_sees(key, me, placed, monkeypatch):
    ids, resource = placed(key), REGISTRY[key]
    _given(key, me, ids)
    stranger = str(resource.searched.model.objects.get(pk=ids["mate's"]).owner_id)
    trees = (EVERYTHING, Condition("owner", "is", stranger), Condition("owner", "is", "me"))
    another = [c.key for c in resource.columns if c.sortable and c.key != resource.default_order][-1]
    for visibility in Visibility:
        rights = RoleRights(rules.ROLE_RIGHTS["FIELD_REP"].verbs, visibility.value)
        monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", rights)
        actor = actor_of(me)
        reach = resource.reach(actor)
        assert bool(reach) is (visibility is not Visibility.ALL)
        in_sight = set(filtered(resource, actor, EVERYTHING).values_list("pk", flat=True))
        for tree in trees:
            rows = filtered(resource, actor, tree)
            for sort in ("", another, f"-{another}"):
                monkeypatch.setattr(few, "LONG", 10**9)
                in_order = _walked(rows, resource, sort, reach)
                monkeypatch.setattr(few, "LONG", 0)
                assert _walked(rows, resource, sort, reach) == in_order
                assert set(in_order[0]) <= in_sight and len(set(in_order[0])) == len(in_order[0])
        if reach:
            found = few.few(filtered(resource, actor, EVERYTHING).order_by(), reach)
            assert set(found) == in_sight, "each row in sight meets one of the conditions"


def test_indexes_have_what_one_sees_lot_by_lot_in_the_order_of_a_list(me, placed, monkeypatch):
    resource, model = REGISTRY["qualify.lead"], REGISTRY["qualify.lead"].searched.model
    rights = RoleRights(rules.ROLE_RIGHTS["FIELD_REP"].verbs, Visibility.SUBTREE.value)
    monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", rights)
    placed("qualify.lead")
    actor = actor_of(me)
    reach = resource.reach(actor)
    lots = lots_of(reach)
    assert len(lots) == len(reach) - 1 + len(actor.team_ids)
    in_order = [is_in_order(resource, lot, "arrived_at") for lot in lots]
    assert in_order.count(False) == 1, "only what was handed to somebody is little enough to be put in order"
    assert not are_in_order(resource, reach, "amount") and not are_in_order(resource, (), "arrived_at")
    for key in ("parties.person", "parties.organisation"):
        assert are_in_order(REGISTRY[key], REGISTRY[key].reach(actor), "name_key")
    for lot in (lot for lot, has_index in zip(lots, in_order, strict=True) if has_index):
        plan = model.objects.filter(lot, arrived_at__isnull=False).order_by("-arrived_at", "-pk").values("pk").explain()
        assert connection.vendor == "postgresql" or "TEMP B-TREE" not in plan


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite reads the list and leaves out what is not seen")
def test_a_list_of_who_does_not_see_all_is_read_lot_by_lot_in_its_order(me, placed, monkeypatch):
    resource, actor = REGISTRY["qualify.lead"], actor_of(me)
    _given("qualify.lead", me, placed("qualify.lead"))
    monkeypatch.setattr(few, "LONG", 0)
    reach = resource.reach(actor)
    assert is_in_lots(resource, reach, "arrived_at") and not is_in_lots(resource, reach, "amount")
    with CaptureQueriesContext(connection) as asked:
        page_of(filtered(resource, actor, EVERYTHING), resource, reach=reach)
    (merged,) = [query["sql"] for query in asked if "UNION ALL" in query["sql"]]
    in_order = [lot for lot in lots_of(reach) if is_in_order(resource, lot, "arrived_at")]
    assert merged.count("CASE WHEN") == len(in_order), "what they see is no reason to take a lot's rows for few"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL puts them in order and asks until a page is full")
@pytest.mark.parametrize("key", ["qualify.lead", "parties.person"])
def test_of_many_that_were_found_the_next_are_looked_for_among_what_one_sees(key, me, placed, monkeypatch):
    ids, resource = placed(key), REGISTRY[key]
    _given(key, me, ids)
    monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", RoleRights(rules.ROLE_RIGHTS["FIELD_REP"].verbs, "SUBTREE"))
    actor = actor_of(me)
    rows, reach = filtered(resource, actor, EVERYTHING).filter(pk__collected=[*ids.values()]), resource.reach(actor)
    in_one_go = _walked(rows, resource, "", reach)
    assert len(in_one_go[0]) > 3
    monkeypatch.setattr(paging, "MANY", 1)
    with CaptureQueriesContext(connection) as asked:
        assert _walked(rows, resource, "", reach) == in_one_go
    assert any("UNION ALL" in query["sql"] for query in asked)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite looks among the next of the whole list")
def test_of_many_that_were_found_only_the_first_are_asked_who_sees_them(me, people, make, monkeypatch):
    resource, model = REGISTRY["acquire.touchpoint"], REGISTRY["acquire.touchpoint"].searched.model
    ids = make("acquire.touchpoint", 8)
    for at, (pk, party) in enumerate(model.objects.filter(pk__in=ids).values_list("pk", "party")):
        Party.objects.filter(pk=party).update(owner=me if at % 3 else people["HEAD_OF_SALES"], team=None)
        model.objects.filter(pk=pk).update(occurred_at=AT if at % 4 else None)
    monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", RoleRights(rules.ROLE_RIGHTS["FIELD_REP"].verbs, "OWN"))
    actor = actor_of(me)
    rows, reach = filtered(resource, actor, EVERYTHING).filter(pk__collected=ids), resource.reach(actor)
    for sort in ("occurred_at", "-occurred_at", "cost", "-cost,occurred_at"):
        monkeypatch.setattr(paging, "MANY", len(ids) + 1)
        in_one_go = _walked(rows, resource, sort, reach)
        assert len(in_one_go[0]) == 5
        monkeypatch.setattr(paging, "MANY", len(ids))
        with CaptureQueriesContext(connection) as asked:
            assert _walked(rows, resource, sort, reach) == in_one_go
        assert any("WHERE is_in_list" in query["sql"] for query in asked), "after they were put in order"
    for nothing in (rows.filter(pk__in=()), rows.none()):
        assert page_of(nothing, resource, reach=reach).rows == []


def test_what_hardly_anybody_in_sight_has_is_looked_for_among_what_one_sees(me, placed, monkeypatch):
    ids, resource, actor = placed("qualify.lead"), REGISTRY["qualify.lead"], actor_of(me)
    rows = filtered(resource, actor, EVERYTHING)

    def last_asked():
        with CaptureQueriesContext(connection) as asked:
            page = page_of(rows, resource, sort="created_at", size=50, reach=resource.reach(actor))
        assert ids["mine"] in {row.pk for row in page.rows} and ids["above's"] not in {row.pk for row in page.rows}
        return next(query["sql"] for query in reversed(asked) if "ORDER BY" in query["sql"]), len(asked)

    in_order, few_queries = last_asked()
    monkeypatch.setattr(few, "LONG", 0)
    collected, queries = last_asked()
    assert "owner_id" in in_order and "owner_id" not in collected.split("WHERE")[-1]
    of_each = 2 + 2 * len(resource.reach(actor))
    assert queries - few_queries <= 2 * of_each, "of those that have the column, and those that have not"
    monkeypatch.setattr(few, "FEW", -1)
    assert "owner_id" in last_asked()[0], "where they are more than a few"
    monkeypatch.setattr(few, "FEW", 5_000)
    monkeypatch.setattr(few, "COMMON", 1)
    assert "owner_id" in last_asked()[0], "where many of all rows are among them"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL fetches them side by side of itself")
def test_what_one_sees_is_fetched_by_ids_where_there_is_nothing_better_to_begin_with(me, placed, monkeypatch):
    placed("qualify.lead")
    resource, actor = REGISTRY["qualify.lead"], actor_of(me)
    rows, reach = filtered(resource, actor, EVERYTHING), resource.reach(actor)
    monkeypatch.setattr(few, "LONG", 0)
    monkeypatch.setattr(few, "spread", lambda model: sorted(model.objects.values_list("pk", flat=True)))

    def is_by_ids(sort):
        with CaptureQueriesContext(connection) as asked:
            page_of(rows, resource, sort=sort, size=50, reach=reach)
        collecting = [query["sql"] for query in asked if f"LIMIT {few.FEW + 1}" in query["sql"]]
        assert len(collecting) >= len(reach)
        return ['"qualify_lead"."id" IN (SELECT' in sql for sql in collecting[: len(reach)]]

    assert all(is_by_ids("created_at"))
    assert not any(is_by_ids("next_step_due_at")), "whose people have something to be done are few"


def test_what_is_somebody_elses_is_not_looked_for_among_ones_own(me, placed, monkeypatch):
    ids, resource = placed("qualify.lead"), REGISTRY["qualify.lead"]
    _given("qualify.lead", me, ids)
    monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", RoleRights(rules.ROLE_RIGHTS["FIELD_REP"].verbs, "OWN"))
    actor = actor_of(me)
    seen, reach = filtered(resource, actor, EVERYTHING), resource.reach(actor)
    stranger = resource.searched.model.objects.get(pk=ids["beside's"]).owner_id
    lots = [
        (Q(owner=stranger), 1),
        (Q(pk__in=[]) | Q(owner=stranger), 1),
        (Q(owner__in=[stranger, me.pk]), 2),
        (Q(owner=stranger) | Q(owner=me), 3),
        (~Q(owner=me), 3),
        (Q(owner=stranger) & Q(owner=me), 1),
    ]
    for condition, looked_through in lots:
        rows = seen.filter(condition)
        with CaptureQueriesContext(connection) as asked:
            found = few.by_reach(rows, reach, sample=[*ids.values()], wanted=few.FEW)
        assert set(found.values_list("pk")) == set(rows.values_list("pk"))
        assert sum(f"LIMIT {few.FEW + 1}" in query["sql"] for query in asked) == looked_through, condition


def test_an_order_that_few_rows_have_is_read_by_its_index_and_not_collected(me, placed, monkeypatch):
    ids, resource, actor = placed("qualify.lead"), REGISTRY["qualify.lead"], actor_of(me)
    rows = filtered(resource, actor, EVERYTHING)
    monkeypatch.setattr(few, "LONG", 0)

    def known_ones():
        with CaptureQueriesContext(connection) as asked:
            page = page_of(rows, resource, sort="amount", size=50, reach=resource.reach(actor))
        assert ids["mine"] in {row.pk for row in page.rows} and ids["above's"] not in {row.pk for row in page.rows}
        return next(q["sql"] for q in asked if 'ORDER BY "qualify_lead"."amount"' in q["sql"]).split("WHERE")[1]

    resource.searched.model.objects.update(amount=None)
    assert "owner_id" in known_ones()
    resource.searched.model.objects.update(amount=5)
    monkeypatch.setattr(few, "RARE", -1)
    assert "owner_id" not in known_ones(), "where many have it"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite asks as everybody does")
def test_what_somebody_out_of_sight_owns_is_looked_for_among_what_one_sees(me, placed, monkeypatch):
    ids, resource, actor = placed("qualify.lead"), REGISTRY["qualify.lead"], actor_of(me)
    theirs = Condition("owner", "is", str(resource.searched.model.objects.get(pk=ids["mate's"]).owner_id))
    expected = {ids["mate's"], ids["below's"]}
    assert set(filtered(resource, actor, theirs).values_list("pk", flat=True)) == expected
    monkeypatch.setattr(few, "FEW", -1)
    rows = filtered(resource, actor, theirs)
    assert set(rows.values_list("pk", flat=True)) == expected and "unnest" in str(rows.query)
    monkeypatch.setattr("headwater.platform.filtering.SAMPLE", 1)
    rows = filtered(resource, actor, theirs)
    assert set(rows.values_list("pk", flat=True)) == expected and "unnest" not in str(rows.query)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's index has told who is in sight before")
def test_what_somebody_out_of_sight_owns_is_collected_by_what_one_sees(me, placed, monkeypatch):
    ids, resource, actor = placed("qualify.lead"), REGISTRY["qualify.lead"], actor_of(me)
    theirs = Condition("owner", "is", str(resource.searched.model.objects.get(pk=ids["mate's"]).owner_id))
    monkeypatch.setattr(few, "LONG", 0)
    monkeypatch.setattr(few, "FEW", -1)
    rows, reach = filtered(resource, actor, theirs), resource.reach(actor)
    assert few.mostly_out_of_sight(rows, reach)
    assert not few.mostly_out_of_sight(rows.filter(pk__in=[ids["mine"]]), reach)


def test_somebody_out_of_sight_is_named_by_the_rows_one_sees(me, placed, client_of, monkeypatch):
    ids = placed("qualify.lead")
    stranger = REGISTRY["qualify.lead"].searched.model.objects.get(pk=ids["mate's"]).owner
    for long in (10**9, 0):
        monkeypatch.setattr(few, "LONG", long)
        page = client_of("FIELD_REP").get(f"/leads?view=all&owner={stranger.pk}").content.decode()
        assert stranger.name in page


@pytest.mark.parametrize("key", [*OWNED, "acquire.touchpoint"])
def test_a_list_in_groups_is_the_same_where_it_is_collected_by_what_one_sees(key, me, placed, make, monkeypatch):
    resource = REGISTRY[key]
    if key in OWNED:
        _given(key, me, placed(key))
    else:
        for person, pk in zip(placed("parties.person").values(), make(key, len(PLACES)), strict=True):
            resource.searched.model.objects.filter(pk=pk).update(party_id=person, source=None)
    column = next(column for column in resource.columns if column.groupable)
    verbs = rules.ROLE_RIGHTS["FIELD_REP"].verbs
    sizes = set()
    for visibility in Visibility:
        monkeypatch.setitem(rules.ROLE_RIGHTS, "FIELD_REP", RoleRights(verbs, visibility.value))
        actor = actor_of(me)
        rows = filtered(resource, actor, EVERYTHING)
        groups = groups_of(column, rows, actor, ZoneInfo("UTC"), AT.date())

        def told(long, actor=actor, rows=rows, groups=groups):
            monkeypatch.setattr(few, "LONG", long)
            cut = Cut(resource, actor, rows, [group.condition for group in groups])
            summed = summed_columns(resource.columns)
            totals = cut.totals(summed, limit=100)
            firsts = cut.firsts(range(len(groups)), totals, sort=resource.default_order, size=2)
            return totals, [([row.pk for row in shown], more) for shown, more in firsts]

        monkeypatch.setattr(cuts, "COLLECTING", 0)
        by_part, at_once = told(10**9), told(0)
        assert by_part == at_once, visibility
        sizes.add(sum(total.count for total in by_part[0]))
        assert sum(total.count for total in by_part[0]) == rows.count()
    assert len(sizes) > 2, "who sees further sees more"


def test_groups_of_who_sees_little_are_counted_among_what_they_see(me, placed, monkeypatch):
    placed("qualify.lead")
    resource, actor = REGISTRY["qualify.lead"], actor_of(me)
    rows = filtered(resource, actor, EVERYTHING)

    def asked(cut):
        with CaptureQueriesContext(connection) as queries:
            cut.totals([], limit=100)
        return queries[-1]["sql"]

    every = [Q(stage="NEW"), ~Q(stage="NEW")]
    # Ids go on from one test to the next: the table would be taken for a long one, of which a sample finds none.
    monkeypatch.setattr(few, "LONG", 10**9)
    assert "UNION ALL" in asked(Cut(resource, actor, rows, every))
    monkeypatch.setattr(few, "LONG", 0)
    monkeypatch.setattr(cuts, "spread", lambda model: sorted(model.objects.values_list("pk", flat=True)))
    assert "UNION ALL" in asked(Cut(resource, actor, rows, every)), "of which they see much"
    monkeypatch.setattr(cuts, "COLLECTING", 0)
    at_once = asked(Cut(resource, actor, rows, every))
    assert "owner_id" not in at_once and "GROUP BY" in at_once
    monkeypatch.setattr(cuts, "MOST", 1)
    assert "UNION ALL" in asked(Cut(resource, actor, rows, every)), "of more than are collected"
