"""How searching looks: hits are collected, gathered or looked up row by row, and what is found is the same."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from makers import AT
from searched import brought_by_a_file, listed, titles

from headwater.parties import actions as parties
from headwater.parties.models import Party
from headwater.platform import few
from headwater.platform.filter import EVERYTHING
from headwater.platform.resource import REGISTRY, filtered
from headwater.platform.search import everywhere, finding, index, keeping, store
from headwater.platform.search.everywhere import find_anything
from headwater.platform.search.finding import find
from headwater.platform.testing import query_budget
from headwater.team.queries import actor_of


def test_a_rep_finds_the_one_row_among_many_of_others(by, people, monkeypatch):
    monkeypatch.setattr("headwater.platform.search.everywhere.CANDIDATES", 3)
    monkeypatch.setattr("headwater.platform.search.everywhere.COLLECTED", 5)
    monkeypatch.setattr(finding, "FEW", 4)
    mine = parties.add_person(by=by, at=AT, name="Bas Berg", owner_id=people["INDEPENDENT_REP"].pk)
    for number in range(12):
        parties.add_person(by=by, at=AT, name=f"Bas Berg {number}", owner_id=people["OWNER"].pk)
    rep = actor_of(people["INDEPENDENT_REP"])
    assert [hit.row.pk for hit in find_anything(rep, "berg").records] == [mine.pk]
    found = find(REGISTRY["parties.person"], "berg", few=4)
    rows = REGISTRY["parties.person"].rows(rep)
    assert found.ids is None and [row.pk for row in found.among(rows)] == [mine.pk]
    assert found.count_among(rows, 10) == 1
    assert found.count_among(REGISTRY["parties.person"].rows(by), 10) == 11


def test_what_many_rows_hold_is_not_collected_but_asked_row_by_row(by, orla, monkeypatch):
    ids = brought_by_a_file(30)
    keeping.rebuild()
    monkeypatch.setattr(store, "SAMPLE", 10)
    monkeypatch.setattr(store, "PAGE", 20)
    noun = REGISTRY["parties.person"]
    assert find(noun, "import").ids is None and listed(noun.key, by, "import") == ids
    assert find(noun, "keane").ids == [orla.pk]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite collects them instead")
def test_entries_of_a_word_in_the_middle_are_gathered_once_instead_of_looked_up(by, orla, monkeypatch):
    ids = brought_by_a_file(30)
    keeping.rebuild()
    monkeypatch.setattr(store, "SAMPLE", 10)
    monkeypatch.setattr(store, "PAGE", 20)
    noun = REGISTRY["parties.person"]
    for times, is_gathered in ((2, True), (1, False), (0, False)):
        monkeypatch.setattr(store, "GATHERED", times)
        with CaptureQueriesContext(connection) as asked:
            assert listed("parties.person", by, "import") == ids
        lists = [query["sql"] for query in asked if "parties_party" in query["sql"] and "%import%" in query["sql"]]
        assert ["IN (SELECT id - " in sql for sql in lists] == [is_gathered]
        for limit, counted in ((10, 11), (29, 30), (40, 30)):
            assert find(noun, "import").count_among(filtered(noun, by, EVERYTHING), limit) == counted


def test_what_many_rows_hold_is_collected_for_who_sees_few_of_them(by, people, orla, monkeypatch):
    ids = brought_by_a_file(30)
    Party.objects.filter(pk__in=ids[:-1]).update(owner=people["HEAD_OF_SALES"])
    Party.objects.filter(pk=ids[-1]).update(owner=people["INDEPENDENT_REP"])
    keeping.rebuild()
    monkeypatch.setattr(store, "SAMPLE", 10)
    monkeypatch.setattr(store, "PAGE", 20)
    noun, rep = REGISTRY["parties.person"], actor_of(people["INDEPENDENT_REP"])
    assert find(noun, "import", by=by).ids is None and listed(noun.key, by, "import") == ids
    found = find(noun, "import", by=rep, sort="-created_at")
    assert found.ids == ids[::-1] and listed(noun.key, rep, "import") == [ids[-1]]
    is_by_name = find(noun, "import", by=rep).ids is None
    assert is_by_name is (connection.vendor == "postgresql"), "an index has those of each by name"
    monkeypatch.setattr(store, "ROOM", 0)
    assert find(noun, "import", by=rep, sort="-created_at").ids is None


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's index is asked for all hits of all nouns")
def test_the_palette_finds_what_somebody_sees_behind_many_others(people, orla, monkeypatch):
    ids = brought_by_a_file(30)
    Party.objects.filter(pk__in=ids).update(owner=people["HEAD_OF_SALES"])
    Party.objects.filter(pk__in=ids[:2]).update(owner=people["INDEPENDENT_REP"])
    keeping.rebuild()
    monkeypatch.setattr(few, "LONG", 0)
    monkeypatch.setattr(store, "SAMPLE", 10)
    monkeypatch.setattr(store, "PAGE", 20)
    for name, value in (("CANDIDATES", 4), ("COLLECTED", 8)):
        monkeypatch.setattr(everywhere, name, value)
    rep = actor_of(people["INDEPENDENT_REP"])
    with CaptureQueriesContext(connection) as asked:
        assert {hit.row.pk for hit in find_anything(rep, "import").records} == set(ids[:2])
    assert any('LATERAL (SELECT "parties' in query["sql"] for query in asked), "hits are asked one by one"

    monkeypatch.setattr(everywhere, "RARE", 20)
    with CaptureQueriesContext(connection) as asked:
        assert {hit.row.pk for hit in find_anything(rep, "import").records} == set(ids[:2])
    in_lots = [query["sql"] for query in asked if "UNION ALL" in query["sql"] and "name_key" in query["sql"]]
    assert any("LIMIT 5" in sql for sql in in_lots), "the first of their list are read lot by lot"

    Party.objects.filter(pk__in=ids[:6]).update(owner=people["INDEPENDENT_REP"])
    monkeypatch.setattr(everywhere, "COLLECTED", 40)
    with CaptureQueriesContext(connection) as asked:
        assert {hit.row.pk for hit in find_anything(rep, "import").records} < set(ids[:6])
    assert not any("strpos" in query["sql"] for query in asked), "enough were among all hits at hand"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL asks its index for no single hits")
def test_the_palette_looks_at_more_hits_until_somebody_sees_some(people, orla, monkeypatch):
    ids = brought_by_a_file(30)
    Party.objects.filter(pk__in=ids).update(owner=people["HEAD_OF_SALES"])
    Party.objects.filter(pk__in=ids[:7]).update(owner=people["INDEPENDENT_REP"])
    keeping.rebuild()
    rep = actor_of(people["INDEPENDENT_REP"])

    def found(**most):
        for name, value in {"CANDIDATES": 2, **most}.items():
            monkeypatch.setattr(everywhere, name, value)
        with CaptureQueriesContext(connection) as asked:
            records = {hit.row.pk for hit in find_anything(rep, "import").records}
        return records, any("instr(text" in query["sql"] for query in asked)

    monkeypatch.setattr(store, "SAMPLE", 10)
    newest = set(ids[3:7])
    assert found(COLLECTED=28) == (newest, False), "the newest of those at hand"
    assert found(COLLECTED=8, RARE=40) == (newest, False), "none were at hand"
    assert found(COLLECTED=8, RARE=12)[1], "hits of which so many are others' are looked for among what one sees"
    assert found(COLLECTED=8, RARE=12)[0] <= set(ids[:7])


@pytest.mark.slow
def test_finding_costs_the_same_queries_for_few_rows_and_many(by, make):
    for key in REGISTRY:
        make(key, 2)
    while keeping.catch_up():
        pass
    find_anything(by, "keane")
    for _ in range(2):
        with query_budget(22):
            find_anything(by, "keane")
        with query_budget(6):
            list(filtered(REGISTRY["qualify.lead"], by, EVERYTHING, search="keane")[:50])
        make("qualify.lead", 15)
        while keeping.catch_up():
            pass


def test_who_begins_so_comes_first_however_common_the_word_is(by, monkeypatch):
    monkeypatch.setattr(store, "NEWEST", 2)
    monkeypatch.setattr(store, "COMMON_SHARE", 1)
    for name in ("Bela Novak", "Maribel Sand", "Annabel Reed", "Isabel Dorn", "Rosabel Moss"):
        parties.add_person(name=name, by=by, at=AT)
    assert titles(by, "bela")[0] == "Bela Novak"
    assert set(titles(by, "bel")) >= {"Bela Novak", "Rosabel Moss", "Isabel Dorn"}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's index brings the newest alone")
def test_the_index_is_left_alone_where_the_newest_rows_are_enough(by, orla):
    while keeping.catch_up():
        pass
    words = find(REGISTRY["parties.person"], "orla keane").words
    people, found = ["parties.person"], {"parties.person": [orla.pk]}
    for named, held, queries in ((2, 1, 2), (4, 1, 3), (4, 2, 4)):
        with CaptureQueriesContext(connection) as asked:
            assert store.named_and_held(people, people, words, named=named, held=held, at_hand=0) == (found, found)
        assert len(asked) == queries


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one index of all nouns")
def test_postgresql_asks_the_index_of_the_noun(by, orla):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        words = find(REGISTRY["parties.person"], "orla keane").words
        sql, params = store._newest_held("parties.person", words), [*store._patterns(words), 10]
        cursor.execute(f"EXPLAIN {sql}", params)
        assert "platform_search_parties_person" in " ".join(row[0] for row in cursor.fetchall())
    assert index.is_indexed()
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX platform_search_sell_order")
    assert not index.is_indexed(), "each noun has its own"
    keeping.mend(AT)
    assert index.is_indexed()


def test_all_rows_that_hold_a_word_are_collected_the_newest_first_up_to_a_limit(by, monkeypatch):
    ids = brought_by_a_file(31)
    while keeping.catch_up():
        pass
    monkeypatch.setattr(store, "SAMPLE", 30)
    assert find(REGISTRY["parties.person"], "import", few=31).ids == sorted(ids, reverse=True)
    assert find(REGISTRY["parties.person"], "import", few=30).ids is None
