"""Addresses of the parties room's own pages."""

from django.urls import path

from headwater.parties import views

urlpatterns = [path("parties/<int:pk>/journey", views.journey, name="parties_journey")]
