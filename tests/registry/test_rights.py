"""Who may do what: every role, noun and verb, at every entrance; and nobody without signing in."""

import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest
from django.urls import URLPattern, get_resolver

import headwater
from headwater.platform.models import Event, Undone
from headwater.platform.resource import REGISTRY
from headwater.platform.testing import make_actor
from headwater.platform.undo import can_undo
from headwater.team import rules
from headwater.team.models import Role, User
from headwater.team.queries import actor_of
from headwater.team.queries.roles import known_roles
from headwater.team.rights import BESIDES, HEADINGS, WORDS, all_rights
from headwater.team.rules import ROLE_RIGHTS, RoleRights, rights_of

NOUNS = sorted(REGISTRY)


def entrances(resource, pk, row):
    """Every way in: what it takes, how it is opened."""
    base, api = f"/{resource.slug}", f"/api/v1/{resource.slug}"
    see = resource.verb("see")
    yield see, "get", base
    yield see, "get", f"{base}/{pk}"
    yield see, "get", f"{base}/counts"
    yield see, "get", f"{base}/totals"
    yield see, "get", api
    yield see, "get", f"{api}/count"
    yield see, "get", f"{api}/{pk}"
    yield resource.verb("export"), "get", f"{base}/export.csv"
    yield resource.verb("export"), "get", f"{base}/export.xlsx"
    yield resource.verb("export"), "get", f"{base}/export.parquet"
    yield resource.verb("export"), "get", f"{api}/export"
    if resource.create:
        yield resource.create.verb, "get", f"{base}/new"
        yield resource.create.verb, "post", f"{base}/new"
        yield resource.create.verb, "post", api
    if resource.change:
        yield resource.change.verb, "get", f"{base}/{pk}/edit"
        yield resource.change.verb, "post", f"{base}/{pk}/edit"
        yield resource.change.verb, "patch", f"{api}/{pk}"
    for command in resource.commands:
        if command.offered(row):
            yield command.verb, "post", f"{base}/{pk}/do/{command.key}"
            yield command.verb, "post", f"{api}/{pk}/do/{command.key}"
        if command.run_many:
            yield command.verb, "post", f"{base}/do/{command.key}"
            yield command.verb, "post", f"{api}/do/{command.key}"


def open_it(client, method, address):
    extra = {"content_type": "application/json"} if "/api/" in address and method != "get" else {}
    return getattr(client, method)(address, **extra)


@pytest.mark.parametrize("key", NOUNS)
def test_each_entrance_is_closed_without_its_right_and_open_with_it(key, make, by, client_of, monkeypatch):
    resource = REGISTRY[key]
    [pk] = make(key)
    row = resource.rows(by).get(pk=pk)
    client = client_of("SERVICE")
    for verb, method, address in entrances(resource, pk, row):
        others = frozenset({resource.verb("see")} - {verb})
        monkeypatch.setitem(rules.ROLE_RIGHTS, "SERVICE", RoleRights(others, "ALL"))
        closed = open_it(client, method, address)
        assert closed.status_code == 403, (verb, method, address, closed.status_code)
        if "/api/" in address:
            assert closed["Content-Type"] == "application/problem+json"
    for verb, method, address in entrances(resource, pk, row):
        if method != "get" or not resource.rows(by).filter(pk=pk).exists():
            continue
        monkeypatch.setitem(rules.ROLE_RIGHTS, "SERVICE", RoleRights(frozenset({resource.verb("see"), verb}), "ALL"))
        assert open_it(client, method, address).status_code == 200, (verb, method, address)


@pytest.mark.parametrize("key", NOUNS)
def test_nobody_gets_in_without_signing_in(key, make, by, client):
    resource = REGISTRY[key]
    [pk] = make(key)
    row = resource.rows(by).get(pk=pk)
    for _verb, method, address in entrances(resource, pk, row):
        answer = open_it(client, method, address)
        if "/api/" in address:
            assert answer.status_code == 401 and answer["Content-Type"] == "application/problem+json", address
            assert answer["WWW-Authenticate"].startswith("Bearer")
        else:
            assert answer.status_code == 302 and answer["Location"].startswith("/sign-in?next="), address


def test_only_a_few_addresses_need_no_sign_in():
    """The API signs in by itself, which other tests prove; every other page that anybody may open is named here."""
    found = set()
    waiting = list(get_resolver().url_patterns)
    while waiting:
        pattern = waiting.pop()
        if isinstance(pattern, URLPattern):
            found |= {pattern.name} if not getattr(pattern.callback, "login_required", True) else set()
        elif str(pattern.pattern) != "api/v1/":
            waiting += pattern.url_patterns
    assert found == {
        "sign_in", "sign_in_code", "sign_out", "choose_password", "first_run", "passkey_options",
        "sign_in_passkey", "second_step_options", "second_step_passkey", "single_sign_on", "single_sign_on_back",
        "forgotten", "stop_mails",
    }  # fmt: skip


@pytest.mark.parametrize("key", NOUNS)
def test_what_lies_outside_ones_reach_is_not_there(key, make, by, client_of):
    """An independent rep sees their own only: the record of somebody else answers as if it did not exist."""
    resource = REGISTRY[key]
    [pk] = make(key)
    rep = User.objects.get(role="INDEPENDENT_REP")
    if resource.rows(actor_of(rep)).filter(pk=pk).exists():
        pytest.skip("everybody sees these rows")
    client = client_of("INDEPENDENT_REP")
    assert client.get(f"/{resource.slug}/{pk}").status_code == 404
    assert client.get(f"/api/v1/{resource.slug}/{pk}").status_code == 404
    assert pk not in [item["id"] for item in client.get(f"/api/v1/{resource.slug}").json()["items"]]


@pytest.mark.parametrize("role", ["READ_ONLY", "INDEPENDENT_REP", "SERVICE"])
@pytest.mark.parametrize("key", NOUNS)
def test_undo_takes_the_right_to_have_done_it(key, role, make, client_of):
    """Nobody takes back what others did without the right to, however they come by its address."""
    make(key)
    client, actor = client_of(role), actor_of(User.objects.get(role=role))
    made = [event for event in Event.objects.all() if can_undo(event)]
    assert made, "what is made can be taken back"
    events = [event for event in made if not actor.may(f"{event.subject_type}.delete")]
    assert events or key == "parties.activity", "only activities are everybody's to delete"
    for event in events:
        for address in (f"/undo/{event.pk}", f"/undo/{event.pk}/all"):
            answer = client.post(address)
            assert answer.status_code in (403, 404), (event.verb, answer.status_code)
    assert not Undone.objects.exists()


def test_the_table_of_rights_stays_as_it_is(snapshot):
    """Every role, noun and verb at a glance; a new noun or verb shows up here before it is let out."""
    lines = []
    nouns = dict.fromkeys(verb.rpartition(".")[0] for verb in sorted(all_rights()))
    for role in Role.values:
        rights = rights_of(role)
        actor = make_actor(*rights.verbs)
        lines.append(f"{role} (sees {rights.visibility})")
        for key in nouns:
            verbs = sorted(verb for verb in all_rights() if verb.rpartition(".")[0] == key)
            may = [verb.removeprefix(f"{key}.") for verb in verbs if actor.may(verb)]
            lines.append(f"  {key}: {' '.join(may) or '-'}")
    snapshot("rights.txt", "\n".join(lines) + "\n")


# ---------------------------------------------------------------- complete by construction

ROOMS = {key.partition(".")[0] for key in REGISTRY} | {"measure", "intake", "team", "api", "platform", "config"}
QUOTED_VERB = re.compile(rf"""["']((?:{"|".join(sorted(ROOMS))})\.[a-z_]+\.[a-z_]+)["']""")
POINTS = re.compile(r".*\.(party|organisation|referrer|employer|merged_into)")  # columns of parties.pointing


@cache
def asked_for():
    """Every right that the source asks for, and in which file."""
    home = Path(headwater.__file__).parent
    named = {home / "team" / "rules.py", home / "team" / "rights.py"}
    files = [path for path in sorted(home.rglob("*.py")) if not {"tests", "migrations"} & set(path.parts)]
    found = [
        (verb, str(path.relative_to(home)))
        for path in files if path not in named for verb in QUOTED_VERB.findall(path.read_text(encoding="utf-8"))
    ]  # fmt: skip
    return [(verb, where) for verb, where in found if not POINTS.fullmatch(verb)]


def test_every_right_that_is_asked_for_is_declared_once_in_words():
    """A new verb shows up here until ``team/rights.py`` says what it means, and Settings can give it."""
    unknown = [(verb, where) for verb, where in asked_for() if verb not in all_rights()]
    assert not unknown, unknown
    assert all(str(right.label) and str(right.heading) for right in all_rights().values())
    twice = [verb for verb in BESIDES if verb.rpartition(".")[0] not in {*REGISTRY, *HEADINGS}]
    assert not twice, "a right without a heading is in no role's page"


def test_no_right_is_declared_that_nobody_asks_for():
    asked = {verb for verb, _where in asked_for()}
    assert not [verb for verb in BESIDES if verb not in asked]
    used = {verb.rpartition(".")[2] for verb in all_rights()}
    assert not [what for what in WORDS if what not in used]


def test_every_pattern_of_a_role_means_some_right():
    patterns = {pattern for rights in ROLE_RIGHTS.values() for pattern in rights.verbs}
    assert not [each for each in patterns if not any(fnmatchcase(verb, each) for verb in all_rights())]


def test_every_role_is_delivered_with_its_rights():
    assert list(ROLE_RIGHTS) == Role.values


@pytest.mark.slow
@pytest.mark.parametrize("key", NOUNS)
def test_every_role_gets_in_where_its_rights_say_and_nowhere_else(key, make, by, client_of):
    """The table of roles, nouns and verbs, at the entrances of pages and API: closed exactly where a right is missing.

    Roles that may do the same with a noun are one case, and what a right opens is opened once on a page and in the API.
    """
    resource = REGISTRY[key]
    [pk] = make(key)
    row = resource.rows(by).get(pk=pk)
    see = resource.verb("see")
    doors = list({(verb, method, "/api/" in path): path for verb, method, path in entrances(resource, pk, row)}.items())
    cases = {}
    for role in known_roles():
        actor = make_actor(*role.rights.verbs)
        cases.setdefault(tuple(actor.may(verb) and actor.may(see) for (verb, *_rest), _path in doors), role.key)
    for opens, role in cases.items():
        client = client_of(role)
        for may, ((verb, method, _is_api), address) in zip(opens, doors, strict=True):
            if may and (method != "get" or str(pk) in address):
                continue  # what it does is tested where it is done; not every role sees the row
            status = open_it(client, method, address).status_code
            assert status == (200 if may else 403), (role, verb, method, address, status)
