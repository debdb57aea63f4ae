"""People and companies that were deleted stay named where work was done with them: marked, and with no dead link."""

import pytest
from makers import AT

from headwater.parties import actions as parties
from headwater.parties.models import Party
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity


@pytest.fixture
def gone(by, make):
    """A closed lead, a lost opportunity and an order of somebody whose company and record were deleted."""
    [lead], [opportunity], [order] = make("qualify.lead"), make("sell.opportunity"), make("sell.order")
    Lead.objects.update(exit="DISQUALIFIED", exit_reason="SPAM", exited_at=AT)
    Opportunity.objects.update(outcome="LOST", lost_reason="PRICE", closed_at=AT)
    return {"leads": lead, "opportunities": opportunity, "orders": order}


def delete_all(by):
    for pk in Party.objects.order_by("-pk").values_list("pk", flat=True):
        parties.delete_party(party_id=pk, by=by, at=AT)


def told(client, address):
    return client.get(address).content.decode()


@pytest.mark.parametrize("slug", ["leads", "opportunities", "orders"])
def test_records_and_lists_mark_who_was_deleted(slug, gone, by, client_of):
    record, listed = f"/{slug}/{gone[slug]}", f"/{slug}?view=all"
    client = client_of("OWNER")
    assert ">Deleted<" not in told(client, record) + told(client, listed)
    delete_all(by)
    assert ">Deleted<" in told(client, record) and ">Deleted<" in told(client, listed)
    party = Party.objects.get(kind="PERSON", pk__in=_party_of(slug, gone))
    link = f'href="/people/{party.pk}"'
    assert link in told(client, record), "who may restore finds the way back"
    assert link not in told(client_of("MARKETER"), record), "to others it would lead nowhere"


def _party_of(slug, gone):
    model = {"leads": Lead, "opportunities": Opportunity}.get(slug)
    if model is None:
        from headwater.sell.models import Order as model
    return model.objects.filter(pk=gone[slug]).values("party_id")


def test_a_person_tells_that_their_company_was_deleted(make, by, client_of):
    [pk] = make("parties.person")
    company = Party.objects.get(kind="ORGANISATION")
    parties.delete_party(party_id=company.pk, by=by, at=AT)
    owner, marketer = client_of("OWNER"), client_of("MARKETER")
    for page in (f"/people/{pk}", "/people?view=all"):
        assert f'href="/organisations/{company.pk}"' in told(owner, page)
        seen = told(marketer, page)
        assert company.name in seen and ">Deleted<" in seen and f'href="/organisations/{company.pk}"' not in seen


def test_the_page_of_what_was_deleted_offers_to_restore_it(make, by, client_of):
    [pk] = make("parties.organisation")
    parties.delete_party(party_id=pk, by=by, at=AT)
    address = f"/organisations/{pk}"
    page = client_of("OWNER").get(address)
    assert page.status_code == 404 and "The OWNER deleted this" in page.content.decode()
    assert client_of("MARKETER").get(address).status_code == 404
    assert "Restore" not in told(client_of("MARKETER"), address)
    assert client_of("OWNER").post(f"/settings/recently-deleted{address}").status_code == 302
    assert client_of("OWNER").get(address).status_code == 200
    assert "Restore" not in told(client_of("OWNER"), "/organisations/999999")
