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

        _register_pages()
        _register_pointers()
        _register_held()


def _register_pages() -> None:
    from headwater.qualify.queries import own_late, own_open, pool_in_order
    from headwater.web.nav import KeyedAct, NavPage, NewItem, Waits, register_act, register_new, register_page

    mine, pool = Waits(own_open, own_late), Waits(pool_in_order)
    register_page(NavPage("qualify", _("Leads"), "web:list leads", 10, "qualify.lead.see", waits=mine, keys="g l"))
    register_page(
        NavPage("qualify", _("Unclaimed pool"), "web:list leads?view=pool", 20, "qualify.lead.claim", waits=pool)
    )
    register_new(NewItem(_("Lead"), "filter", "web:create leads", 10, "qualify.lead.create"))
    register_new(
        NewItem(_("Lead in one line"), "bolt", "qualify_quick", 11, "qualify.lead.create", keys="q", takes_line=True)
    )
    register_act(KeyedAct(_("Take the next lead from the pool"), "qualify_claim_next", "g g", "qualify.lead.claim"))


def _register_pointers() -> None:
    """What of leads a merge of people or companies moves along."""
    from django.db.models import Q

    from headwater.parties.pointing import register
    from headwater.qualify.models import Exit, Lead

    is_open = Q(deleted_at=None, exit__in=("", Exit.RECYCLED))  # a recycled lead wakes up again
    leads = ngettext_lazy("%(count)s lead", "%(count)s leads", "n")
    register("qualify.lead.party", Lead, "party", label="leads", words=leads, open_when=is_open)
    register("qualify.lead.organisation", Lead, "organisation", label="leads", open_when=is_open)
    referrals = ngettext_lazy("%(count)s referral", "%(count)s referrals", "n")
    register("qualify.lead.referrer", Lead, "referrer", label="referrals", words=referrals)


def _register_held() -> None:
    from headwater.platform.held import Held, register_held
    from headwater.qualify.models import Exit

    open_ones = {"exit__empty": "true"}
    register_held(Held("leads", "qualify.lead", _("Open leads"), open_ones, order=10))
    register_held(Held("recycled", "qualify.lead", _("Leads that wake up"), {"exit": Exit.RECYCLED}, order=15))
    register_held(Held("handovers", "qualify.lead", _("Handovers to accept"), open_ones, "handed_to", "redirect", 20))
