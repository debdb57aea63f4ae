"""The real pipelines, brought in through their profiles: the figures they are known for come out."""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Count, Sum

from headwater.intake.run import import_file
from headwater.platform.actor import job_actor
from headwater.platform.clock import now
from headwater.platform.models import Span
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity, OpportunityLine, Order
from headwater.team.models import Company

DATA = Path(os.environ.get("HEADWATER_DATA", ""))
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("HEADWATER_DATA"), reason="HEADWATER_DATA names no folder of real files"),
]


@pytest.fixture(autouse=True)
def company(db):
    return Company.objects.create(pk=1, name="Kestrel Office IT", currency="USD", time_zone="UTC")


def bring(file, profile):
    return import_file(DATA / file, kind=KINDS[profile], profile=profile, by=job_actor("test"), at=now())


KINDS = {
    "maven-products": "products", "maven-accounts": "organisations", "maven-opportunities": "opportunities",
    "olist-leads": "leads", "olist-deals": "orders", "x-education": "leads",
}  # fmt: skip
PIPELINE = "maven-crm-pipeline/sales_pipeline_as_of_2017-09-30.csv"


def test_the_maven_pipeline_has_its_wins_per_quarter_and_its_products_to_decide():
    bring("maven-crm-pipeline/products.csv", "maven-products")
    bring("maven-crm-pipeline/accounts.csv", "maven-accounts")
    batch = bring(PIPELINE, "maven-opportunities")
    assert (batch.created, batch.rejected) == (7_635, 0)
    states = dict(Opportunity.objects.order_by().values_list("outcome").annotate(n=Count("pk")))
    assert states == {"WON": 3_042, "LOST": 1_684, "": 2_909}
    won = {}
    for quarter, (first, last) in enumerate((("01-01", "03-31"), ("04-01", "06-30"), ("07-01", "09-30")), 1):
        orders = Order.objects.filter(ordered_at__date__gte=f"2017-{first}", ordered_at__date__lte=f"2017-{last}")
        won[quarter] = (orders.count(), orders.aggregate(value=Sum("amount"))["value"])
    assert won == {
        1: (531, Decimal(1_134_672)), 2: (1_254, Decimal(3_086_111)), 3: (1_257, Decimal(2_982_255)),
    }  # fmt: skip
    undecided = OpportunityLine.objects.filter(product=None)
    assert set(undecided.values_list("product_text", flat=True)) == {"GTXPro"} and undecided.count() > 1_000
    assert Opportunity.objects.filter(stage__name="Discovery", outcome="").count() == 500
    again = bring(PIPELINE, "maven-opportunities")
    assert (again.created, again.updated, again.unchanged) == (0, 0, 7_635)


def test_the_olist_deals_win_their_leads_on_their_days():
    bring("olist-funnel/marketing_qualified_leads.csv.gz", "olist-leads")
    batch = bring("olist-funnel/closed_deals.csv.gz", "olist-deals")
    assert (batch.created, batch.rejected) == (336, 0)
    orders = Order.objects.select_related("lead__source").filter(lead__isnull=False)
    by_origin = Counter(order.lead.source.name if order.lead.source else "" for order in orders)
    assert by_origin == {
        "organic_search": 110, "paid_search": 72, "unknown": 76, "social": 26, "email": 5, "direct_traffic": 29,
        "referral": 5, "other": 2, "display": 3, "other_publicities": 2, "": 6,
    }  # fmt: skip
    zone = Company.objects.get().zone  # calendar days are those of the company
    days = sorted(
        (o.ordered_at.astimezone(zone).date() - o.lead.arrived_at.astimezone(zone).date()).days for o in orders
    )
    assert (days[0], round(sum(days) / len(days), 1)) == (-2, 16.7)
    assert (days[167] + days[168]) / 2 == 10
    assert Lead.objects.filter(exit="CONVERTED", stage="SQL").count() == 336
    assert Span.objects.filter(subject_type="qualify.lead", value="CONVERTED", until_at=None).count() == 336
    again = bring("olist-funnel/closed_deals.csv.gz", "olist-deals")
    assert (again.created, again.updated, again.unchanged) == (0, 0, 336)


def test_converted_x_education_leads_get_an_order_of_unknown_day_and_amount():
    bring("x-education-leads/leads.csv", "x-education")
    assert Lead.objects.count() == 6_468
    orders = Order.objects.all()
    assert orders.count() == 2_477
    assert not orders.exclude(ordered_at=None, amount=None).exists()
    assert Lead.objects.filter(exit="CONVERTED").count() == orders.count()
