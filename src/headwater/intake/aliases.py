"""What columns of lead lists are called in English, German, Spanish, Dutch, Portuguese and French.

By target key; the keys are the ones that importable columns of all kinds share. Written as people write them,
compared without case, accents and punctuation.
"""

from __future__ import annotations

ALIASES: dict[str, tuple[str, ...]] = {
    "external_id": (
        "id", "record id", "external id", "lead id", "prospect id", "contact id", "customer id", "customer number",
        "account id", "order id", "order number", "opportunity id", "key", "kundennummer", "kunden nr", "nummer",
        "datensatz id", "numero de cliente", "id cliente", "klantnummer", "codigo", "codigo do cliente",
        "identifiant", "numero client", "reference", "ref", "uuid", "guid", "mql id",
        "lead nr", "lead no", "lead number", "leadnummer", "lead nummer", "kundennr", "interessenten nr",
        "interessentennummer", "kontakt nr", "kontaktnummer", "vorgangsnummer", "vorgangs nr", "auftragsnummer",
        "auftrags nr", "bestellnummer", "bestell nr", "nr", "no", "numero", "numero de lead", "id del lead", "id lead",
        "n de cliente", "numero de contacto", "numero de pedido", "numero de contact", "numero de prospect",
        "code client", "n client", "numero de commande", "klant nr", "klantnr", "leadnr", "contactnummer",
        "bestelnummer", "numero do cliente", "numero do pedido",
    ),
    "name": (
        "name", "full name", "contact", "contact name", "lead name", "customer", "customer name", "person",
        "vollständiger name", "ansprechpartner", "kontakt", "kunde", "nombre completo", "nombre y apellidos",
        "contacto", "cliente", "naam", "volledige naam", "contactpersoon", "klant", "nome", "nome completo",
        "contato", "nom complet", "nom et prénom", "interlocuteur", "client",
    ),
    "first_name": (
        "first name", "firstname", "given name", "forename", "fname", "vorname", "nombre", "primer nombre",
        "voornaam", "primeiro nome", "nome próprio", "prénom",
    ),
    "last_name": (
        "last name", "lastname", "surname", "family name", "lname", "nachname", "familienname", "apellido",
        "apellidos", "achternaam", "familienaam", "sobrenome", "apelido", "último nome", "nom", "nom de famille",
    ),
    "email": (
        "email", "e-mail", "mail", "email address", "e-mail address", "work email", "business email",
        "email id", "e-mail-adresse", "mailadresse", "correo", "correo electrónico", "e-mailadres", "emailadres",
        "endereço de e-mail", "courriel", "adresse e-mail", "adresse électronique",
    ),
    "phone": (
        "phone", "phone number", "telephone", "tel", "mobile", "mobile phone", "cell", "cell phone", "work phone",
        "business phone", "telefon", "telefonnummer", "rufnummer", "handy", "mobil", "mobilnummer", "teléfono",
        "móvil", "celular", "telefoon", "telefoonnummer", "mobiel", "telefone", "telemóvel", "téléphone",
        "portable", "numéro de téléphone", "whatsapp",
    ),
    "company": (
        "company", "company name", "organisation", "organization", "account", "account name", "business",
        "business name", "employer", "firm", "firma", "firmenname", "unternehmen", "arbeitgeber", "empresa",
        "compañía", "organización", "nombre de la empresa", "bedrijf", "bedrijfsnaam", "organisatie", "companhia",
        "nome da empresa", "société", "entreprise", "nom de l'entreprise", "raison sociale",
    ),
    "job_title": (
        "job title", "job", "position", "role", "occupation", "function", "designation", "stelle", "funktion",
        "berufsbezeichnung", "beruf", "cargo", "puesto", "functie", "functietitel", "função", "profissão", "poste",
        "fonction", "intitulé du poste",
    ),
    "city": (
        "city", "town", "location city", "ort", "stadt", "wohnort", "ciudad", "población", "stad", "plaats",
        "woonplaats", "cidade", "município", "ville", "localité",
    ),
    "country": (
        "country", "country region", "country code", "land", "staat", "país", "pais", "pays", "office location",
        "nation",
    ),
    "website": (
        "website", "web site", "web", "url", "homepage", "domain", "company domain", "webseite", "internetseite",
        "sitio web", "página web", "webadres", "site", "site web",
    ),
    "source": (
        "source", "lead source", "origin", "original source", "utm source", "how did you hear about us", "quelle",
        "leadquelle", "herkunft", "fuente", "origen", "bron", "herkomst", "origem", "fonte", "provenance",
        "media source", "acquisition source",
    ),
    "channel": ("channel", "medium", "utm medium", "kanal", "canal", "kanaal", "lead channel"),
    "campaign": (
        "campaign", "campaign name", "utm campaign", "kampagne", "campaña", "campagne", "campanha", "promotion",
    ),
    "interest": ("interest", "enquiry type", "request type", "interesse", "interés", "intérêt", "anfrageart"),
    "arrived_at": (
        "arrived at", "created", "created at", "create date", "date created", "creation date", "created time",
        "lead date", "first contact", "first contact date", "date", "timestamp", "submitted at", "received",
        "datum", "eingang", "eingangsdatum", "erstellt", "erstellt am", "erstkontakt", "anfragedatum", "fecha",
        "fecha de creación", "fecha de alta", "aangemaakt", "aangemaakt op", "aanmaakdatum", "data",
        "data de criação", "date de création", "créé le", "signup date", "registration date",
    ),
    "title": ("title", "subject", "topic", "lead title", "betreff", "titel", "asunto", "onderwerp", "assunto", "objet"),
    "amount": (
        "amount", "value", "worth", "estimated value", "deal value", "total", "revenue", "price", "close value",
        "order value", "net amount",
        "betrag", "wert", "summe", "umsatz", "auftragswert", "importe", "monto", "valor", "bedrag", "waarde",
        "montante", "montant", "valeur", "chiffre d'affaires", "expected revenue", "cost of campaign",
    ),
    "stage": (
        "stage", "lead stage", "deal stage", "pipeline stage", "lead status", "phase", "stufe", "etapa", "fase",
        "étape", "vertriebsphase",
    ),
    "state": ("state", "outcome", "result", "status", "ergebnis", "estado", "situação", "statut", "uitkomst"),
    "owner": (
        "owner", "lead owner", "assigned to", "sales rep", "sales agent", "account manager", "salesperson",
        "zuständig", "verantwortlich", "betreuer", "vertriebsmitarbeiter", "propietario", "responsable",
        "vendedor", "comercial", "eigenaar", "verantwoordelijke", "proprietário", "responsável", "propriétaire",
        "commercial", "contact owner",
    ),
    "owner_name": ("owner name", "sales agent name", "rep name"),
    "referrer": (
        "referrer", "referred by", "referral", "empfohlen von", "empfehlung", "geworben durch", "recomendado por",
        "referido por", "aanbevolen door", "indicado por", "recommandé par", "parrain",
    ),
    "note": (
        "note", "notes", "question", "comment", "comments", "remark", "remarks", "description", "message", "details",
        "bemerkung", "bemerkungen", "notiz", "notizen", "kommentar", "nachricht", "beschreibung", "nota", "notas",
        "comentario", "comentarios", "observaciones", "mensaje", "opmerking", "opmerkingen", "notitie", "bericht",
        "observação", "observações", "comentário", "mensagem", "remarque", "commentaire", "commentaires",
    ),
    "tag": ("tag", "tags", "label", "labels", "keywords", "schlagwort", "schlagworte", "etiqueta", "étiquette", "list"),
    "sector": (
        "sector", "industry", "branch", "vertical", "branche", "industrie", "wirtschaftszweig", "industria",
        "bedrijfstak", "setor", "ramo", "secteur", "secteur d'activité", "business segment",
    ),
    "employees": (
        "employees", "number of employees", "company size", "headcount", "staff", "mitarbeiter", "mitarbeiterzahl",
        "empleados", "número de empleados", "werknemers", "aantal medewerkers", "funcionários", "effectif",
        "nombre d'employés", "salariés",
    ),
    "parent": (
        "parent", "parent company", "parent account", "subsidiary of", "muttergesellschaft", "konzern", "matriz",
        "empresa matriz", "moederbedrijf", "société mère", "maison mère",
    ),
    "registration_number": (
        "registration number", "company number", "commercial register", "handelsregister", "handelsregisternummer",
        "hrb", "kvk", "kvk nummer", "siret", "siren", "cnpj", "registro mercantil",
    ),
    "vat_number": (
        "vat number", "vat", "vat id", "tax id", "tax number", "ust id", "ustid", "umsatzsteuer id", "steuernummer",
        "nif", "cif", "btw nummer", "btw", "nipc", "tva", "numéro de tva", "n° tva",
    ),
    "is_employee": ("is employee", "employee", "internal", "intern"),
    "manager": ("manager", "reports to", "supervisor", "vorgesetzter", "chef", "jefe", "leidinggevende", "gestor"),
    "team_name": ("team", "team name", "regional office", "office", "abteilung", "department", "equipo", "équipe"),
    "family": ("family", "series", "category", "product family", "product line", "produktgruppe", "familia", "gamme"),
    "list_price": (
        "list price", "sales price", "unit price", "price", "listenpreis", "preis", "verkaufspreis", "precio",
        "prijs", "verkoopprijs", "preço", "prix", "prix de vente",
    ),
    "cost": ("cost", "costs", "kosten", "einkaufspreis", "selbstkosten", "costo", "custo", "coût"),
    "currency": ("currency", "currency code", "währung", "moneda", "divisa", "valuta", "moeda", "devise"),
    "organisation": (
        "organisation", "organization", "account", "account name", "company", "company name", "customer", "firma",
        "unternehmen", "empresa", "bedrijf", "société", "kunde", "klant", "cliente", "client",
    ),
    "person": (
        "person", "contact", "contact name", "contact person", "buyer", "ansprechpartner", "kontakt", "contacto",
        "contactpersoon", "contato",
    ),
    "lead": ("lead", "lead id", "mql id", "prospect", "prospect id"),
    "opportunity": ("opportunity", "opportunity id", "deal", "deal id", "verkaufschance", "oportunidad", "opportunité"),
    "product": (
        "product", "product name", "item", "article", "sku", "produkt", "artikel", "producto", "produto", "artigo",
        "produit", "stock code",
    ),
    "quantity": ("quantity", "qty", "units", "pieces", "menge", "anzahl", "cantidad", "aantal", "quantité"),
    "opened_at": ("opened at", "engage date", "open date", "start date", "opened", "eröffnet", "fecha de apertura"),
    "closed_at": ("closed at", "close date", "closed", "closed date", "won date", "abschlussdatum", "fecha de cierre"),
    "close_date": ("expected close date", "expected close", "close date", "planned close"),
    "competitor": ("competitor", "lost to", "wettbewerber", "mitbewerber", "competidor", "concurrent", "concorrente"),
    "lost_reason": ("lost reason", "loss reason", "closed lost reason", "verlustgrund", "motivo de pérdida", "motif"),
    "ordered_at": (
        "ordered at", "order date", "purchase date", "won date", "invoice date", "sold at", "date", "bestelldatum",
        "auftragsdatum", "kaufdatum", "rechnungsdatum", "fecha de pedido", "fecha de compra", "orderdatum",
        "besteldatum", "data do pedido", "data da compra", "date de commande", "date d'achat",
    ),
    "starts_on": ("starts on", "start", "start date", "begin", "beginn", "von", "inicio", "startdatum", "début"),
    "ends_on": ("ends on", "end", "end date", "ende", "bis", "fin", "einddatum", "fim", "data final"),
    "budget": ("budget", "planned budget", "presupuesto", "orçamento"),
    "spent_on": ("spent on", "spend date", "date", "day", "month", "week", "datum", "fecha", "data", "monat", "tag"),
    "kind": ("kind", "type", "activity type", "touchpoint type", "art", "typ", "tipo", "soort"),
    "direction": ("direction", "inbound outbound", "richtung", "dirección", "direção", "richting"),
    "occurred_at": ("occurred at", "time", "timestamp", "date", "event date", "zeitpunkt", "datum", "fecha", "moment"),
}  # fmt: skip
