"""Every noun has a list, a record, an export and an API, and a list costs the same whatever its length."""

import pytest
from makers import MAKERS, nouns_in_turn

from headwater.cli.data import KINDS
from headwater.platform.resource import REGISTRY
from headwater.platform.testing import count_queries

NOUNS = sorted(REGISTRY)
RESERVED = {
    "q", "sort", "group", "of", "cursor", "cols", "view", "filter", "in", "limit", "set", "id", "ids", "column", "op",
    "value", "exact", "shown", "format",
}  # fmt: skip


def test_every_noun_can_be_made_for_these_tests():
    assert set(MAKERS) == set(REGISTRY), "add the new noun to tests/registry/makers.py"


@pytest.mark.parametrize("key", NOUNS)
def test_a_noun_is_declared_well(key):
    resource = REGISTRY[key].now()
    keys = [column.key for column in resource.columns]
    assert len(keys) == len(set(keys))
    assert not RESERVED & set(keys), "these words mean something else in addresses"
    assert sum(column.place == "primary" for column in resource.columns) == 1, "one column names the row"
    assert resource.by_key[resource.default_order.split(",")[0].lstrip("-")].sortable
    commands = [command.key for command in resource.commands]
    assert len(commands) == len(set(commands))
    assert resource.empty, "an empty list says what to do"
    for command in (*resource.commands, *filter(None, (resource.create, resource.change))):
        assert command.verb.rpartition(".")[0] in REGISTRY, f"{command.key} asks for {command.verb}"


def test_the_command_line_takes_every_noun_that_files_become():
    assert set(KINDS) == {resource.importer.kind for resource in REGISTRY.values() if resource.importer is not None}


@pytest.mark.parametrize("key", nouns_in_turn())
def test_pages_and_endpoints_cost_the_same_for_2_rows_and_30(key, make, client_of):
    slug, client = REGISTRY[key].slug, client_of("OWNER")
    addresses = {
        "page": (f"/{slug}", {}),
        "fragment": (f"/{slug}", {"HTTP_HX_REQUEST": "true"}),
        "totals": (f"/{slug}/totals", {"HTTP_HX_REQUEST": "true"}),
        "csv": (f"/{slug}/export.csv", {}),
        "parquet": (f"/{slug}/export.parquet", {}),
        "api": (f"/api/v1/{slug}", {}),
        "count": (f"/api/v1/{slug}/count", {}),
    }

    def cost() -> dict[str, int]:
        found = {}
        for name, (address, headers) in addresses.items():
            with count_queries() as asked:
                answer = client.get(address, **headers)
                assert answer.status_code == 200, address
                if answer.streaming:
                    list(answer.streaming_content)
            found[name] = len(asked)
        return found

    make(key, 2)
    cost()  # what is cached once is cached now
    few = cost()
    make(key, 28)
    assert cost() == few
    assert few["page"] <= 30, few


@pytest.mark.parametrize("key", nouns_in_turn())
def test_every_page_of_a_noun_answers(key, make, client_of, by):
    resource = REGISTRY[key].now()
    [pk] = make(key)
    client = client_of("OWNER")
    row = resource.rows(by).get(pk=pk)
    base = f"/{resource.slug}"
    pages = [base, f"{base}/{pk}"]
    parts = [
        f"{base}?q=orla",
        f"{base}/counts",
        f"{base}/totals",
        *(f"{base}?view={view.key}" for view in resource.views),
    ]
    parts += [f"{base}?sort={c.key}" for c in resource.columns if c.sortable]
    parts += [f"{base}?{c.key}__empty=true" for c in resource.columns if c.filterable]
    parts += [f"{base}/filter?column={c.key}" for c in resource.columns if c.filterable]
    pages += [f"{base}?cols={','.join(c.key for c in resource.columns)}"]
    pages += [f"{base}/new"] if resource.create else []
    pages += [f"{base}/{pk}/edit"] if resource.change and resource.change.offered(row) else []
    pages += [f"{base}/{pk}/do/{command.key}" for command in resource.commands if command.offered(row)]
    for page in (*pages, *parts):
        for headers in ({}, {"HTTP_HX_REQUEST": "true"}) if page in pages else ({"HTTP_HX_REQUEST": "true"},):
            answer = client.get(page, **headers)
            assert answer.status_code == 200, (page, answer.status_code)
            assert b" style=" not in answer.content and b"<script>" not in answer.content, page


@pytest.mark.parametrize("key", nouns_in_turn())
def test_pages_hold_every_row_once_in_any_order(key, make, client_of):
    """Two rows a page, forwards and back, by every column that sorts: unknown values included."""
    resource = REGISTRY[key].now()
    made = set(make(key, 5))
    client = client_of("OWNER")
    sorts = [f"{sign}{column.key}" for column in resource.columns if column.sortable for sign in ("", "-")]
    for sort in ["", *sorts]:
        address, pages = f"/api/v1/{resource.slug}?limit=2&sort={sort}", []
        page = client.get(address).json()
        pages.append([row["id"] for row in page["items"]])
        while page["next"] is not None:
            page = client.get(f"{address}&cursor={page['next']}").json()
            pages.append([row["id"] for row in page["items"]])
        found = [pk for rows in pages for pk in rows]
        assert len(found) == len(set(found)) and made <= set(found), sort
        back = client.get(f"{address}&cursor={page['previous']}").json()
        assert [row["id"] for row in back["items"]] == pages[-2], sort


def test_the_heads_of_exports_stay_as_they_are(make, client_of, snapshot):
    client, lines = client_of("OWNER"), []
    for key in NOUNS:
        head = b"".join(client.get(f"/{REGISTRY[key].slug}/export.csv").streaming_content).decode("utf-8-sig")
        lines.append(f"{REGISTRY[key].slug}: {head.splitlines()[0]}")
    snapshot("exports.txt", "\n".join(lines) + "\n")
