"""How records read: what to do now comes first, numbers are written as people write them."""

from makers import AT

from headwater.parties import actions as parties


def test_what_to_do_now_stands_before_the_evidence_for_phones_and_screen_readers(make, client_of):
    shown = {"qualify.lead": ("leads", "next-title"), "sell.opportunity": ("opportunities", "worth-title")}
    for key, (slug, title) in shown.items():
        [pk] = make(key)
        page = client_of("OWNER").get(f"/{slug}/{pk}").content.decode()
        assert page.index(f'id="{title}"') < page.index('id="journey-title"') < page.index('id="details-title"')


def test_telephone_numbers_are_written_in_groups_with_their_extension_apart(by, client_of):
    person = parties.add_person(name="Orla Keane", phone="+353 1 555 0142 x12", by=by, at=AT)
    parties.change_party(party_id=person.pk, phone="+31201234567", by=by, at=AT)
    client = client_of("OWNER")
    page = client.get(f"/people/{person.pk}").content.decode()
    assert "+31 20 123 4567" in page and "+353 1 555 0142" in page and "ext. 12" in page
    assert ">+31201234567<" not in page
    assert "+353 1 555 0142" in client.get(f"/people/{person.pk}/history?field=phone").content.decode()
