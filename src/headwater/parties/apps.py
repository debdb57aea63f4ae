"""The Django application of the parties room: People and organisations."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


class PartiesConfig(AppConfig):
    """People and organisations."""

    name = "headwater.parties"
    label = "parties"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the room's facts, nouns, panels and pages known."""
        from headwater.parties import events, handlers, panels, resources, tasks  # noqa: F401  (importing declares them)

        _register_pages()
        _register_pointers()
        _register_held()


def _register_pages() -> None:
    from headwater.parties.queries.visible import visible_proposals
    from headwater.web.nav import NavPage, NewItem, Waits, register_new, register_page

    register_page(
        NavPage("customers", _("Companies"), "web:list organisations", 10, "parties.organisation.see", keys="g c")
    )
    register_page(NavPage("customers", _("People"), "web:list people", 20, "parties.person.see", keys="g e"))
    register_page(NavPage("customers", _("Activities"), "web:list activities", 30, "parties.activity.see"))
    register_page(
        NavPage("qualify", _("Duplicates"), "duplicates", 30, "parties.person.merge", waits=Waits(visible_proposals))
    )
    register_new(NewItem(_("Person"), "user-plus", "web:create people", 30, "parties.person.create"))
    register_new(NewItem(_("Company"), "building", "web:create organisations", 40, "parties.organisation.create"))


def _register_pointers() -> None:
    """What a merge moves along within this room; rooms above add their own."""
    from headwater.parties import models
    from headwater.parties.pointing import register

    people = ngettext_lazy("%(count)s person", "%(count)s people", "n")
    register("parties.party.employer", models.Party, "employer", label="people", words=people)
    register("parties.party.merged_into", models.Party, "merged_into")
    points = ngettext_lazy("%(count)s contact point", "%(count)s contact points", "n")
    register("parties.contact_point.party", models.ContactPoint, "party", label="contact points", words=points)
    tags = ngettext_lazy("%(count)s tag", "%(count)s tags", "n")
    register("parties.party_tag.party", models.PartyTag, "party", label="tags", words=tags)
    activities = ngettext_lazy("%(count)s activity", "%(count)s activities", "n")
    register("parties.activity.party", models.Activity, "party", label="activities", words=activities)
    register("parties.grant.party", models.Grant, "party")
    connections = ngettext_lazy("%(count)s connection", "%(count)s connections", "n")
    for column, other in (("from_party", "to_party"), ("to_party", "from_party")):
        register(
            f"parties.relationship.{column}", models.Relationship, column, label="connections", words=connections,
            never_itself=other,
        )  # fmt: skip
    for column, other in (("party", "other"), ("other", "party")):
        register(f"parties.match_proposal.{column}", models.MatchProposal, column, never_itself=other)


def _register_held() -> None:
    from headwater.platform.held import Held, register_held

    open_todos = {"kind": "TODO", "done_at__empty": "true"}
    register_held(Held("todos", "parties.activity", _("Open to-dos"), open_todos, order=40))
    register_held(Held("people", "parties.person", _("People")))
    register_held(Held("organisations", "parties.organisation", _("Companies")))
