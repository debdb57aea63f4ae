"""What another installation sealed is named before somebody stands before a code that is never right."""

from __future__ import annotations

import pytest
from django.test import override_settings

from headwater.api.models import Webhook
from headwater.api.webhooks import signing
from headwater.config.doctor import Report, _sealed
from headwater.config.sealed import sealed_elsewhere
from headwater.platform.clock import now
from headwater.team.models import Company, Role, SecondFactor, SingleSignOn, User
from headwater.team.queries.second_factor import seal
from headwater.tell.models import MailSettings
from headwater.tell.queries.settings import SEALER

pytestmark = pytest.mark.django_db


def test_what_another_installation_sealed_is_named_with_what_to_do(company: Company) -> None:
    ada = User.objects.create(email="ada@kestrel.example", name="Ada", role=Role.OWNER, created_at=now())
    SecondFactor.objects.create(user=ada, sealed=seal("secret"), confirmed_at=now())
    MailSettings.objects.create(pk=1, host="mail.example", sealed=SEALER.seal("secret"))
    SingleSignOn.objects.create(pk=1, sealed=seal("secret"))
    Webhook.objects.create(url="https://a.example/", sealed=signing.seal("secret"), made_by="user:1", created_at=now())
    assert sealed_elsewhere() == []
    with override_settings(SECRET_KEY="another one, of another installation"):
        report = Report(home="here")
        _sealed(report)
        found = sealed_elsewhere()
    assert len(found) == 4 and "one-time codes (1)" in found[0]
    [problem] = report.problems
    assert problem.code == "sealed_elsewhere" and "mail server" in problem.what and "recovery code" in problem.do
