"""Everything that points at a party is known to merging, so that no row is left with a record nobody sees."""

from django.apps import apps

from headwater.parties import pointing
from headwater.parties.models import Party


def test_every_foreign_key_to_a_party_is_registered():
    known = {(pointer.model, pointer.column) for pointer in pointing.POINTERS.values()}
    found = {
        (model, field.name)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if (field.many_to_one or field.one_to_one or field.many_to_many)
        and not field.auto_created
        and field.related_model is Party
    }
    assert found == known, "register it in apps.py of its room: parties.pointing.register(…)"


def test_no_number_without_a_foreign_key_is_a_party():
    """A plain ``party_id`` would be missed by merging; the log is the one place that keeps who it was then."""
    plain = {
        (model._meta.label, field.attname)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.attname in ("party_id", "organisation_id", "person_id", "company_id")
        and not field.is_relation
        and model.__module__.startswith("headwater.")
    }
    assert plain == {("platform.Event", "party_id"), ("platform.Event", "organisation_id")}


def test_a_pointer_is_called_after_its_place():
    for key, pointer in pointing.POINTERS.items():
        assert key.startswith(f"{pointer.model._meta.app_label}.") and key.count(".") in (1, 2), key
