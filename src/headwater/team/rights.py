"""Every right there is, in words: those of the registered nouns and those that no noun's page brings.

A role is a choice among these. A test walks the source and fails for a right that is asked for and not named here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from headwater.platform.resource import REGISTRY, Resource

# What a right allows, by the last part of its verb; a noun's command that is not named here has its own label.
WORDS: Final[dict[str, Any]] = {
    "see": _("See"), "create": _("Add"), "change": _("Change"), "delete": _("Delete"), "export": _("Export"),
    "import": _("Import"), "archive": _("Archive"), "merge": _("Merge"), "relate": _("Connect"), "tag": _("Tag"),
    "done": _("Tick off"), "claim": _("Take from the pool"), "respond": _("Log answers"), "assign": _("Assign"),
    "accept": _("Accept a handover"), "send_back": _("Send a handover back"), "hand_over": _("Hand over to sales"),
    "move": _("Move to another stage"), "convert": _("Turn into an opportunity"),
    "win": _("Mark as won"), "lose": _("Mark as lost"),
}  # fmt: skip

# Rights beside those of the nouns' own pages and commands: a verb of a noun, or what stands for itself.
BESIDES: Final[dict[str, Any]] = {
    "acquire.touchpoint.delete": _("Delete"),
    "qualify.lead.convert": _("Turn into an opportunity"),
    "sell.cost.see": _("See what goods cost us, and the margin"),
    "sell.cost.change": _("Fill in what goods cost us"),
    "measure.report.see": _("See reports"),
    "measure.company.see": _("See the numbers of the whole company, with spend"),
    "measure.margin.see": _("See the margin and return of whole sources"),
    "intake.batch.see": _("See imports"),
    "intake.batch.create": _("Bring in a file"),
    "intake.batch.change": _("Decide about a file's columns and rows"),
    "intake.batch.undo": _("Undo an import"),
    "intake.profile.create": _("Keep a profile for files of the same kind"),
    "platform.view.save": _("Save views"),
    "platform.view.publish": _("Share views with everybody"),
    "platform.view.give": _("Give the views of a colleague to another one"),
    "platform.deleted.see": _("See what was deleted recently"),
    "platform.field.change": _("Add and change fields of your own"),
    "platform.delivery.change": _("Keep jobs and deliveries going"),
    "team.comment.create": _("Comment"),
    "team.comment.delete": _("Delete comments of others"),
    "team.file.create": _("Put files with a record"),
    "team.file.delete": _("Delete files of others"),
    "team.file.purge": _("Remove a file for good"),
    "team.user.see": _("See who works here"),
    "team.user.create": _("Add colleagues"),
    "team.user.change": _("Change accounts, hand over, let go"),
    "team.team.create": _("Form teams"),
    "team.team.change": _("Change and dissolve teams"),
    "team.role.change": _("Change roles, and see as others do"),
    "team.token.see": _("See everybody's tokens"),
    "team.token.create": _("Make tokens for others"),
    "team.token.delete": _("Revoke the tokens of others"),
    "team.rate.see": _("See exchange rates"),
    "team.rate.change": _("Set exchange rates"),
    "team.company.change": _("Change the company's settings"),
    "config.backup.see": _("See backups"),
    "config.backup.change": _("Make and check backups, change their plan"),
    "config.backup.export": _("Take backups out: everything there is"),
    "api.webhook.see": _("See webhooks and what was sent"),
    "api.webhook.create": _("Add webhooks"),
    "api.webhook.change": _("Change webhooks, send again"),
    "api.webhook.delete": _("Delete webhooks"),
}

# The headings of what is no noun, by room and noun of the verb; the order is theirs.
HEADINGS: Final[dict[str, Any]] = {
    "sell.cost": _("Costs"), "measure.report": _("Reports"), "measure.company": _("Reports"),
    "measure.margin": _("Reports"),
    "intake.batch": _("Imports"), "intake.profile": _("Imports"), "platform.view": _("Views"),
    "platform.deleted": _("Deleted records"), "team.comment": _("Comments and files"),
    "team.file": _("Comments and files"), "team.user": _("Users, teams and roles"),
    "team.team": _("Users, teams and roles"), "team.role": _("Users, teams and roles"), "team.token": _("Tokens"),
    "api.webhook": _("Webhooks"), "team.company": _("Company"), "platform.delivery": _("Company"),
    "platform.field": _("Company"), "config.backup": _("Company"),
    "team.rate": _("Company"),
}  # fmt: skip


@dataclass(frozen=True)
class Right:
    """One thing that somebody may do: its verb, its words, and the heading it stands under."""

    verb: str
    label: Any
    heading: Any


def all_rights() -> dict[str, Right]:
    """Every right by its verb, in the order of the nouns and headings."""
    return _rights_of(get_language(), tuple(REGISTRY))


def verbs_of(resource: Resource) -> list[str]:
    """The rights that a noun's pages, commands, import and columns ask for."""
    commands = [*filter(None, (resource.create, resource.change)), *resource.commands]
    asked = [resource.verb("see"), *(command.verb for command in commands), resource.verb("export")]
    asked += [resource.importer.verb] if resource.importer else []
    asked += [verb for column in resource.columns for verb in (column.verb, column.writes)]
    return list(dict.fromkeys(verb for verb in asked if verb))


def in_groups(rights: Iterable[Right]) -> list[tuple[Any, list[Right]]]:
    """Rights under their headings."""
    groups: dict[str, tuple[Any, list[Right]]] = {}
    for right in rights:
        groups.setdefault(str(right.heading), (right.heading, []))[1].append(right)
    return list(groups.values())


@cache
def _rights_of(_language: str | None, nouns: tuple[str, ...]) -> dict[str, Right]:
    found: dict[str, Right] = {}
    for noun in nouns:
        resource = REGISTRY[noun]
        labels = {command.verb: command.label for command in reversed(resource.commands)}
        own = [verb for verb in (*verbs_of(resource), *BESIDES) if _noun(verb) == noun]
        for verb in dict.fromkeys(own):
            what = verb.rpartition(".")[2]
            found[verb] = Right(verb, WORDS.get(what) or labels.get(verb) or BESIDES[verb], resource.label_plural)
    for heading in HEADINGS:
        found |= {
            verb: Right(verb, label, HEADINGS[heading]) for verb, label in BESIDES.items() if _noun(verb) == heading
        }
    return found


def _noun(verb: str) -> str:
    return verb.rpartition(".")[0]
