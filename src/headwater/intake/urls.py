"""Addresses of the pages of imports."""

from django.urls import path

from headwater.intake import views

urlpatterns = [
    path("imports", views.imports, name="imports"),
    path("imports/new", views.new, name="import_new"),
    path("imports/sample.csv", views.sample, name="import_sample"),
    path("imports/<int:batch_id>", views.batch_page, name="import"),
    path("imports/<int:batch_id>/columns", views.map_columns, name="import_columns"),
    path("imports/<int:batch_id>/progress", views.progress, name="import_progress"),
    path("imports/<int:batch_id>/check", views.check, name="import_check"),
    path("imports/<int:batch_id>/start", views.start, name="import_start"),
    path("imports/<int:batch_id>/stop", views.stop, name="import_stop"),
    path("imports/<int:batch_id>/resume", views.resume, name="import_resume"),
    path("imports/<int:batch_id>/undo", views.undo, name="import_undo"),
    path("imports/<int:batch_id>/discard", views.discard, name="import_discard"),
    path("imports/<int:batch_id>/left-out.csv", views.rejected, name="import_rejected"),
]
