"""What was said or written, as any room asks for it: people, companies, opportunities and orders log it alike."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as lazy

from headwater.parties.models import ActivityKind
from headwater.platform.resource import ActorForm
from headwater.web.fields import MomentField

LOGGED = [(kind.value, kind.label) for kind in ActivityKind if kind is not ActivityKind.TODO]


class LogForm(ActorForm):
    """What was done with a party."""

    kind = forms.ChoiceField(choices=LOGGED, label=lazy("What"), initial=ActivityKind.CALL.value)
    subject = forms.CharField(max_length=200, label=lazy("In a few words"))
    body = forms.CharField(required=False, max_length=20_000, label=lazy("Details"), widget=forms.Textarea({"rows": 3}))
    is_outbound = forms.BooleanField(required=False, initial=True, label=lazy("We got in touch with them"))
    occurred_at = MomentField(required=False, label=lazy("When"), help_text=lazy("Leave it empty for now."))
