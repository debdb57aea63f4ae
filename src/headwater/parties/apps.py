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
        from headwater.parties import events, handlers, models, panels, pointing, resources, tasks  # noqa: F401  (importing declares them)
        from headwater.parties.queries.visible import visible_proposals
        from headwater.web.nav import NavPage, NewItem, Waits, register_new, register_page

        register_page(
            NavPage("customers", _("Companies"), "web:list organisations", 10, "parties.organisation.see", keys="g c")
        )
        register_page(NavPage("customers", _("People"), "web:list people", 20, "parties.person.see", keys="g e"))
        register_page(NavPage("customers", _("Activities"), "web:list activities", 30, "parties.activity.see"))
        register_page(
            NavPage("qualify", _("Duplicates"), "duplicates", 30, "parties.person.merge",
                    waits=Waits(visible_proposals))
        )  # fmt: skip
        register_new(NewItem(_("Person"), "user-plus", "web:create people", 30, "parties.person.create"))
        register_new(NewItem(_("Company"), "building", "web:create organisations", 40, "parties.organisation.create"))

        pointing.register(
            "parties.party.employer",
            models.Party,
            "employer",
            label="people",
            words=ngettext_lazy("%(count)s person", "%(count)s people", "n"),
        )
        pointing.register("parties.party.merged_into", models.Party, "merged_into")
        pointing.register(
            "parties.contact_point.party",
            models.ContactPoint,
            "party",
            label="contact points",
            words=ngettext_lazy("%(count)s contact point", "%(count)s contact points", "n"),
        )
        pointing.register(
            "parties.party_tag.party",
            models.PartyTag,
            "party",
            label="tags",
            words=ngettext_lazy("%(count)s tag", "%(count)s tags", "n"),
        )
        pointing.register(
            "parties.activity.party",
            models.Activity,
            "party",
            label="activities",
            words=ngettext_lazy("%(count)s activity", "%(count)s activities", "n"),
        )
        pointing.register("parties.grant.party", models.Grant, "party")
        for column, other in (("from_party", "to_party"), ("to_party", "from_party")):
            key = f"parties.relationship.{column}"
            pointing.register(
                key,
                models.Relationship,
                column,
                label="connections",
                words=ngettext_lazy("%(count)s connection", "%(count)s connections", "n"),
                never_itself=other,
            )
        for column, other in (("party", "other"), ("other", "party")):
            pointing.register(f"parties.match_proposal.{column}", models.MatchProposal, column, never_itself=other)

        from headwater.platform.held import Held, register_held

        open_todos = {"kind": "TODO", "done_at__empty": "true"}
        register_held(Held("todos", "parties.activity", _("Open to-dos"), open_todos, order=40))
        register_held(Held("people", "parties.person", _("People")))
        register_held(Held("organisations", "parties.organisation", _("Companies")))
