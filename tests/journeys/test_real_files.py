"""Real files from end to end: everything arrives, a second time nothing changes, and an undo leaves nothing behind."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, Sum
from django.db.models.functions import ExtractQuarter, ExtractYear

from headwater.intake.batches import rejects_path
from headwater.intake.models import ImportBatch
from headwater.intake.run import import_file
from headwater.intake.undoing import undo_batch
from headwater.platform.actor import job_actor
from headwater.qualify.models import Lead
from headwater.sell.models import Opportunity, OpportunityLine, Order, Product

DATA = os.environ.get("HEADWATER_DATA", "")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA, reason="HEADWATER_DATA names no folder with the real files"),
]
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
OLIST, XEDU, MAVEN = (Path(DATA) / name for name in ("olist-funnel", "x-education-leads", "maven-crm-pipeline"))


def bring(path: Path, kind: str, profile: str) -> ImportBatch:
    return import_file(path, kind=kind, profile=profile, by=job_actor("test"), at=AT)


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    return batch.created, batch.updated, batch.unchanged, batch.rejected


def undo(batch: ImportBatch) -> dict[str, Any]:
    return undo_batch(batch_id=batch.pk, by=job_actor("test"), at=AT).undone


def won_by_source() -> dict[str, tuple[int, int]]:
    leads = Lead.objects.filter(deleted_at=None)
    total = dict(leads.values_list("source__name").annotate(n=Count("pk")).order_by())
    won = dict(
        leads.filter(pk__in=Order.objects.filter(deleted_at=None).values("lead_id"))
        .values_list("source__name")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return {name or "": (count, won.get(name, 0)) for name, count in total.items()}


def olist(part: str) -> Path:
    return next(OLIST.glob(f"*{part}*"))


def test_olist_leads_and_their_deals() -> None:
    leads = bring(olist("leads"), "leads", "olist-leads")
    assert counts(leads) == (5345, 0, 0, 0)
    deals = bring(olist("deals"), "orders", "olist-deals")
    assert counts(deals) == (336, 0, 0, 0)
    assert won_by_source() == {
        "organic_search": (1603, 110), "paid_search": (1048, 72), "unknown": (779, 76), "social": (756, 26),
        "email": (349, 5), "direct_traffic": (346, 29), "referral": (186, 5), "other": (113, 2), "display": (88, 3),
        "other_publicities": (44, 2), "": (33, 6),
    }  # fmt: skip
    assert counts(bring(olist("leads"), "leads", "olist-leads")) == (0, 0, 5345, 0)
    assert counts(bring(olist("deals"), "orders", "olist-deals")) == (0, 0, 336, 0)

    # The leads whose deals came in with another file stay, and say why.
    report = undo(leads)
    assert Lead.objects.filter(deleted_at=None).count() == 336
    assert len(report["kept"]) >= 336
    assert all(kept["reason"] for kept in report["kept"])
    assert undo(deals)["kept"] == []
    assert not Order.objects.filter(deleted_at=None).exists()

    again = bring(olist("leads"), "leads", "olist-leads")
    assert again.rejected == 0
    assert Lead.objects.filter(deleted_at=None).count() == Lead.objects.count() == 5345


def test_x_education_says_who_bought_but_not_when() -> None:
    batch = bring(XEDU / "leads.csv", "leads", "x-education")
    assert batch.rejected == 0, rejects_path(batch)
    assert Lead.objects.count() == 6468
    orders = Order.objects.filter(deleted_at=None)
    assert orders.count() == 2477
    assert not orders.exclude(ordered_at=None).exists()
    again = bring(XEDU / "leads.csv", "leads", "x-education")
    assert (again.created, again.updated, again.rejected) == (0, 0, 0)
    undo(again)
    assert undo(batch)["kept"] == []
    assert not Lead.objects.filter(deleted_at=None).exists()
    assert not Order.objects.filter(deleted_at=None).exists()


def test_maven_arrives_whole_with_its_quarters() -> None:
    assert counts(bring(MAVEN / "products.csv", "products", "maven-products")) == (7, 0, 0, 0)
    assert counts(bring(MAVEN / "accounts.csv", "organisations", "maven-accounts")) == (85, 0, 0, 0)
    assert counts(bring(MAVEN / "sales_teams.csv", "people", "maven-people")) == (35, 0, 0, 0)
    path = next(MAVEN.glob("sales_pipeline*"))
    deals = bring(path, "opportunities", "maven-opportunities")
    assert counts(deals) == (7635, 0, 0, 0)
    won = Opportunity.objects.filter(closed_at__year=2017, outcome="WON")
    quarters = {
        (row["year"], row["quarter"]): (row["won"], row["value"])
        for row in won.annotate(year=ExtractYear("closed_at"), quarter=ExtractQuarter("closed_at"))
        .values("year", "quarter")
        .annotate(won=Count("pk"), value=Sum("amount"))
    }
    assert quarters == {
        (2017, 1): (531, Decimal("1134672")),
        (2017, 2): (1254, Decimal("3086111")),
        (2017, 3): (1257, Decimal("2982255")),
    }
    # A product that is not in the catalogue keeps the file's text and waits for a decision.
    assert Product.objects.count() == 7
    to_decide = OpportunityLine.objects.filter(product=None)
    assert set(to_decide.values_list("product_text", flat=True)) == {"GTXPro"}
    assert all(line.is_to_decide for line in to_decide[:10])
    assert counts(bring(path, "opportunities", "maven-opportunities")) == (0, 0, 7635, 0)
    assert undo(deals)["kept"] == []
    assert not Opportunity.objects.filter(deleted_at=None).exists()
