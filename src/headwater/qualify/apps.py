"""The Django application of the qualify room: Leads."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


class QualifyConfig(AppConfig):
    """Leads."""

    name = "headwater.qualify"
    label = "qualify"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the room's nouns, reactions, times, panels and pages known."""
        from headwater.qualify import handlers, panels, resources, tasks  # noqa: F401  (importing declares them)
        from headwater.qualify.queries import own_late, own_open, pool_in_order
        from headwater.web.nav import KeyedAct, NavPage, NewItem, Waits, register_act, register_new, register_page

        register_page(
            NavPage("qualify", _("Leads"), "web:list leads", order=10, verb="qualify.lead.see",
                    waits=Waits(own_open, own_late), keys="g l")
        )  # fmt: skip
        register_page(
            NavPage("qualify", _("Unclaimed pool"), "web:list leads?view=pool", order=20, verb="qualify.lead.claim",
                    waits=Waits(pool_in_order))
        )  # fmt: skip
        register_new(NewItem(_("Lead"), "filter", "web:create leads", order=10, verb="qualify.lead.create"))
        register_new(
            NewItem(
                _("Lead in one line"), "bolt", "qualify_quick", 11, "qualify.lead.create", keys="q", takes_line=True
            )
        )
        register_act(KeyedAct(_("Take the next lead from the pool"), "qualify_claim_next", "g g", "qualify.lead.claim"))

        from django.db.models import Q

        from headwater.parties import pointing
        from headwater.qualify.models import Exit, Lead

        is_open = Q(deleted_at=None, exit__in=("", Exit.RECYCLED))  # a recycled lead wakes up again
        pointing.register(
            "qualify.lead.party",
            Lead,
            "party",
            label="leads",
            words=ngettext_lazy("%(count)s lead", "%(count)s leads", "n"),
            open_when=is_open,
        )
        pointing.register("qualify.lead.organisation", Lead, "organisation", label="leads", open_when=is_open)
        pointing.register(
            "qualify.lead.referrer",
            Lead,
            "referrer",
            label="referrals",
            words=ngettext_lazy("%(count)s referral", "%(count)s referrals", "n"),
        )

        from headwater.platform.held import Held, register_held

        register_held(Held("leads", "qualify.lead", _("Open leads"), {"exit__empty": "true"}, order=10))
        register_held(Held("recycled", "qualify.lead", _("Leads that wake up"), {"exit": Exit.RECYCLED}, order=15))
        asked = {"exit__empty": "true"}
        register_held(Held("handovers", "qualify.lead", _("Handovers to accept"), asked, "handed_to", "redirect", 20))
