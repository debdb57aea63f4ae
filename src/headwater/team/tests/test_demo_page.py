"""Settings: the demo company can be taken off, by those who may, after being asked, once."""

from __future__ import annotations

import pytest

from headwater.platform import job
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.models import Job
from headwater.team.actions import accounts
from headwater.team.models import Company, User

pytestmark = pytest.mark.django_db


def signed_in(client, role: str) -> User:
    user = accounts.add_user(
        email=f"{role.lower()}@example.org", name=role, role=role, password="seven grey herons", by=job_actor("test"),
        at=now(),
    )  # fmt: skip
    client.force_login(user)
    return user


@pytest.fixture
def demo(db):
    return Company.objects.create(pk=1, name="Kestrel", is_demo=True)


def test_the_company_page_offers_it_and_asks_before_it_begins(client, demo):
    owner = signed_in(client, "ADMINISTRATOR")
    assert "/settings/demo" in client.get("/settings/company").content.decode()
    asked = client.get("/settings/demo", HTTP_HX_REQUEST="true").content.decode()
    assert "<dialog" in asked and "What you added stays" in asked and "cannot be undone" in asked
    page = client.get("/settings/demo").content.decode()
    assert 'href="/settings/company">Company</a>' in page
    assert client.get("/settings/demo/remove").status_code == 405
    answer = client.post("/settings/demo/remove")
    assert client.post("/settings/demo/remove")["Location"] == answer["Location"]
    waiting = Job.objects.get(kind="demo.remove")
    assert waiting.args == {"by": f"user:{owner.pk}"}
    assert "Waiting for the background worker" in client.get(answer["Location"]).content.decode()


def test_the_end_says_what_stays_and_why(client, demo):
    signed_in(client, "OWNER")
    found = job.enqueue("demo.remove", args={}, at=now())
    kept = [{"kind": "lead", "id": 7, "title": "Acme", "reason": "somebody has worked on it since"}]
    result = {"removed": {"qualify_lead": 1200}, "kept": kept, "kept_count": 1}
    Job.objects.filter(pk=found.pk).update(state=Job.State.DONE, result=result)
    page = client.get(f"/settings/demo/{found.pk}", HTTP_HX_REQUEST="true").content.decode()
    assert "1,200 records went" in page and "Acme" in page and "worked on it since" in page and "hx-get" not in page


@pytest.mark.parametrize("role", ["HEAD_OF_SALES", "MARKETER", "FIELD_REP", "READ_ONLY"])
def test_nobody_else_may(client, demo, role):
    signed_in(client, role)
    assert client.get("/settings/demo").status_code == 403
    assert client.post("/settings/demo/remove").status_code == 403
    assert not Job.objects.exists()


def test_where_there_is_no_demo_company_nothing_is_offered(client, db):
    Company.objects.create(pk=1, name="Mine")
    signed_in(client, "OWNER")
    assert "/settings/demo" not in client.get("/settings/company").content.decode()
    assert client.get("/settings/demo").status_code == 404
    client.post("/settings/demo/remove")
    assert not Job.objects.exists()
