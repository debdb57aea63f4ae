"""Addresses of the sell room's own pages."""

from django.urls import path

from headwater.sell import views

urlpatterns = [
    path("pipeline", views.pipeline, name="pipeline"),
    path("pipeline/<int:pk>/move", views.move, name="pipeline_move"),
    path("opportunities/<int:pk>/to/<int:stage_id>", views.step, name="opportunity_step"),
    path("opportunities/<int:pk>/lines/<int:line_id>/remove", views.remove_line, name="opportunity_remove_line"),
    path("opportunities/lines/<int:line_id>/decide", views.decide, {"of": "opportunity"}, name="opportunity_decide"),
    path("orders/lines/<int:line_id>/decide", views.decide, {"of": "order"}, name="order_decide"),
]
