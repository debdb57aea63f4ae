"""Addresses of the report."""

from django.urls import path

from headwater.measure import views

urlpatterns = [
    path("where-sales-come-from", views.sources, name="sources-report"),
    path("where-sales-come-from/rows", views.rows, name="sources-rows"),
    path("where-sales-come-from/refresh", views.refresh, name="sources-refresh"),
    path("where-sales-come-from/freshness", views.freshness, name="sources-freshness"),
    path("where-sales-come-from.csv", views.as_file, {"kind": "csv"}, name="sources-csv"),
    path("where-sales-come-from.xlsx", views.as_file, {"kind": "xlsx"}, name="sources-xlsx"),
]
