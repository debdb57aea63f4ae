"""Writes about people and companies. Each public function is one business fact, whole or not at all."""

from headwater.parties.actions.access import grant_access, withdraw_access
from headwater.parties.actions.activities import (
    assign_todo,
    assign_todos,
    change_activity,
    complete_todo,
    complete_todos,
    delete_activities,
    delete_activity,
    log_activity,
    plan_todo,
    reopen_todo,
    reopen_todos,
    restore_activity,
    snooze_todos,
)
from headwater.parties.actions.bulk_parties import assign_parties, delete_parties, tag_parties
from headwater.parties.actions.contact_points import add_contact_point, make_primary, remove_contact_point
from headwater.parties.actions.entering import enter_organisation, enter_person
from headwater.parties.actions.file_undo import undo_party_import
from headwater.parties.actions.matching import PartyDraft, PartyMatch, match_parties
from headwater.parties.actions.merging import follow_merges, merge_chosen, merge_parties
from headwater.parties.actions.organisation_files import import_organisations
from headwater.parties.actions.parties import (
    PartyValues,
    add_organisation,
    add_person,
    change_party,
    delete_party,
    restore_party,
)
from headwater.parties.actions.people_files import import_people
from headwater.parties.actions.relationships import (
    end_relationship,
    reject_match,
    relate,
    set_buying_role,
    tag_party,
    untag_party,
)
from headwater.parties.actions.remerging import merge_again
from headwater.parties.actions.unmerging import unmerge_parties

__all__ = [
    "PartyDraft",
    "PartyMatch",
    "PartyValues",
    "add_contact_point",
    "add_organisation",
    "add_person",
    "assign_parties",
    "assign_todo",
    "assign_todos",
    "change_activity",
    "change_party",
    "complete_todo",
    "complete_todos",
    "delete_activities",
    "delete_activity",
    "delete_parties",
    "delete_party",
    "end_relationship",
    "enter_organisation",
    "enter_person",
    "follow_merges",
    "grant_access",
    "import_organisations",
    "import_people",
    "log_activity",
    "make_primary",
    "match_parties",
    "merge_again",
    "merge_chosen",
    "merge_parties",
    "plan_todo",
    "reject_match",
    "relate",
    "remove_contact_point",
    "reopen_todo",
    "reopen_todos",
    "restore_activity",
    "restore_party",
    "set_buying_role",
    "snooze_todos",
    "tag_parties",
    "tag_party",
    "undo_party_import",
    "unmerge_parties",
    "untag_party",
    "withdraw_access",
]
