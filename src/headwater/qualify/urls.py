"""Addresses of leads beside those every noun has."""

from django.urls import path

from headwater.qualify import views

urlpatterns = [
    path("leads/claim-next", views.claim_next, name="qualify_claim_next"),
    path("leads/quick", views.quick, name="qualify_quick"),
]
