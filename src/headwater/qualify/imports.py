"""What files of leads may say."""

from __future__ import annotations

from headwater.parties.rules import is_phone
from headwater.platform.importer import Importer, Target, TargetKind
from headwater.platform.translated import gettext_lazy as _
from headwater.qualify.actions.file_rows import lead_faults
from headwater.qualify.actions.lead_file_undo import UNDO_LEADS, undo_lead_import
from headwater.qualify.actions.lead_files import import_leads
from headwater.qualify.models import Interest, Stage

INTERESTS = {
    "enquiry": "ENQUIRY",
    "inquiry": "ENQUIRY",
    "question": "ENQUIRY",
    "quote request": "QUOTE_REQUEST",
    "quote_request": "QUOTE_REQUEST",
    "request for quote": "QUOTE_REQUEST",
    "quote": "QUOTE_REQUEST",
    "rfq": "QUOTE_REQUEST",
    # German, Spanish, French, Dutch, Portuguese
    **dict.fromkeys(
        (
            "anfrage", "allgemeine anfrage", "kontaktanfrage", "infoanfrage", "frage", "consulta", "pregunta",
            "solicitud de información", "demande", "demande d'information", "demande de renseignements", "question",
            "vraag", "aanvraag", "informatieaanvraag", "pedido de informação", "pergunta",
        ),
        "ENQUIRY",
    ),
    **dict.fromkeys(
        (
            "angebotsanfrage", "angebot", "preisanfrage", "solicitud de presupuesto", "presupuesto",
            "solicitud de cotización", "cotización", "solicitud de oferta", "demande de devis", "devis",
            "demande de prix", "offerteaanvraag", "offerte", "prijsaanvraag", "pedido de orçamento", "orçamento",
            "pedido de cotação", "cotação",
        ),
        "QUOTE_REQUEST",
    ),
}  # fmt: skip
STAGES = {
    "new": "NEW",
    "open": "NEW",
    "working": "WORKING",
    "contacted": "WORKING",
    "in progress": "WORKING",
    "mql": "MQL",
    "marketing qualified": "MQL",
    "sal": "SAL",
    "sales accepted": "SAL",
    "sql": "SQL",
    "sales qualified": "SQL",
    "qualified": "SQL",
    # German, Spanish, French, Dutch
    **dict.fromkeys(("neu", "offen", "nuevo", "abierto", "nouveau", "ouvert", "nieuw"), "NEW"),
    **dict.fromkeys(
        (
            "in bearbeitung", "kontaktiert", "en curso", "contactado", "en cours", "contacté", "in behandeling",
            "gecontacteerd",
        ),
        "WORKING",
    ),
    **dict.fromkeys(("qualifiziert", "calificado", "cualificado", "qualifié", "gekwalificeerd"), "SQL"),
}  # fmt: skip

LEADS = Importer(
    kind="leads",
    verb="qualify.lead.import",
    apply=import_leads,
    faults=lead_faults,
    undo=undo_lead_import,
    undo_steps=UNDO_LEADS,
    targets=(
        Target("external_id", _("Id in the other system"), max_length=200),
        Target("name", _("Full name"), max_length=200),
        Target("first_name", _("First name"), max_length=100),
        Target("last_name", _("Last name"), max_length=100),
        Target("email", _("E-mail"), TargetKind.EMAIL, max_length=254),
        Target("phone", _("Phone"), TargetKind.PHONE, max_length=60, reads=is_phone),
        Target("company", _("Company"), max_length=200),
        Target("job_title", _("Job title"), max_length=120),
        Target("city", _("City"), max_length=120),
        Target("country", _("Country"), max_length=80),
        Target("source", _("Source"), max_length=120),
        Target("channel", _("Channel"), max_length=120),
        Target("campaign", _("Campaign"), max_length=120),
        Target("interest", _("Interest"), TargetKind.CHOICE, choices=INTERESTS, called=dict(Interest.choices)),
        Target("arrived_at", _("Arrived"), TargetKind.DATETIME),
        Target("title", _("What they want"), max_length=200),
        Target("amount", _("Worth, their guess"), TargetKind.MONEY),
        Target("currency", _("Currency"), max_length=3),
        Target("stage", _("Stage"), TargetKind.CHOICE, choices=STAGES, called=dict(Stage.choices)),
        Target("owner", _("Owner"), max_length=254),
        Target("referrer", _("Referred by"), max_length=200),
        Target("note", _("Note"), max_length=5_000),
        Target("tag", _("Tags"), max_length=400),
    ),
)
