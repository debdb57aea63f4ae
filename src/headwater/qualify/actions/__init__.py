"""Writes for leads. Each public function is one business fact, whole or not at all."""

from headwater.qualify.actions import undo
from headwater.qualify.actions.answers import log_response, stop_answer_clocks
from headwater.qualify.actions.capture import capture_lead, change_lead, delete_lead, restore_lead
from headwater.qualify.actions.conversion import take_back_conversions
from headwater.qualify.actions.handovers import (
    accept_lead,
    hand_over_lead,
    redirect_handover,
    redirect_handovers,
    send_back_lead,
)
from headwater.qualify.actions.next_steps import plan_next_step
from headwater.qualify.actions.owners import (
    AlreadyClaimed,
    PoolIsEmpty,
    assign_lead,
    assign_leads,
    claim_lead,
    claim_next,
)
from headwater.qualify.actions.stages import (
    convert_lead,
    convert_leads,
    disqualify_lead,
    disqualify_leads,
    move_lead,
    move_leads,
    recycle_lead,
    reopen_lead,
    unconvert_lead,
    wake_up_leads,
)
from headwater.qualify.actions.steps import StepRefused

__all__ = [
    "AlreadyClaimed",
    "PoolIsEmpty",
    "StepRefused",
    "accept_lead",
    "assign_lead",
    "assign_leads",
    "capture_lead",
    "change_lead",
    "claim_lead",
    "claim_next",
    "convert_lead",
    "convert_leads",
    "delete_lead",
    "disqualify_lead",
    "disqualify_leads",
    "hand_over_lead",
    "log_response",
    "move_lead",
    "move_leads",
    "plan_next_step",
    "recycle_lead",
    "redirect_handover",
    "redirect_handovers",
    "reopen_lead",
    "restore_lead",
    "send_back_lead",
    "stop_answer_clocks",
    "take_back_conversions",
    "unconvert_lead",
    "undo",
    "wake_up_leads",
]
