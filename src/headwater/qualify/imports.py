"""What files of leads may say."""

from __future__ import annotations

from headwater.platform.importer import Importer, Target, TargetKind
from headwater.qualify.actions.file_rows import lead_faults
from headwater.qualify.actions.lead_file_undo import UNDO_LEADS, undo_lead_import
from headwater.qualify.actions.lead_files import import_leads

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
        Target("external_id", "Id in the other system", max_length=200),
        Target("name", "Full name", max_length=200),
        Target("first_name", "First name", max_length=100),
        Target("last_name", "Last name", max_length=100),
        Target("email", "E-mail", TargetKind.EMAIL, max_length=254),
        Target("phone", "Phone", TargetKind.PHONE, max_length=60),
        Target("company", "Company", max_length=200),
        Target("job_title", "Job title", max_length=120),
        Target("city", "City", max_length=120),
        Target("country", "Country", max_length=80),
        Target("source", "Source", max_length=120),
        Target("channel", "Channel", max_length=120),
        Target("campaign", "Campaign", max_length=120),
        Target("interest", "Interest", TargetKind.CHOICE, choices=INTERESTS),
        Target("arrived_at", "Arrived", TargetKind.DATETIME),
        Target("title", "What they want", max_length=200),
        Target("amount", "Worth, their guess", TargetKind.DECIMAL),
        Target("currency", "Currency", max_length=3),
        Target("stage", "Stage", TargetKind.CHOICE, choices=STAGES),
        Target("owner", "Owner", max_length=254),
        Target("referrer", "Referred by", max_length=200),
        Target("note", "Note", max_length=5_000),
        Target("tag", "Tags", max_length=400),
    ),
)
