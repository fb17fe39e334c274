"""What messages say, in six languages. The words for the feature are the platform's own; times are given with their zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.enums import Happening, InvestigationKind
from policy.vocabulary import ClaimStatus

_H = Happening


@dataclass(frozen=True, slots=True)
class Words:
    """A language: `subjects` and `texts` by what happened, the rest by name. `{…}` is filled in."""

    subjects: Mapping[Happening, str]
    texts: Mapping[Happening, str]
    logged: Mapping[str, str]
    outcomes: Mapping[str, str]
    account: str
    claim: str
    panel: str
    why: str


_EN = Words(
    subjects={
        _H.CONSENT_GRANTED: "Agent login: permission granted",
        _H.CONSENT_USED: "Agent login: used for the first time",
        _H.CONSENT_REVOKED: "Agent login: permission revoked",
        _H.CONSENT_REPLACED: "Agent login: permission replaced",
        _H.CONSENT_EXPIRED: "Agent login: permission ended",
        _H.CLAIM_TAKEN: "Support is working on your claim",
        _H.CLAIM_LOGGED: "News about your claim",
        _H.CLAIM_CLOSED: "Your claim is closed",
    },
    texts={
        _H.CONSENT_GRANTED: "{by} granted support agents permission to log in to your account, from {at} until {until}.",
        _H.CONSENT_USED: "At {at} a support agent saw or changed something in your account for the first time under the permission of {granted}."
        " The access log tells what.",
        _H.CONSENT_REVOKED: "{by} revoked the permission of support agents at {at}. They can no longer log in to your account.",
        _H.CONSENT_REPLACED: "{by} granted a new permission at {at}. It takes the place of the one of {granted}.",
        _H.CONSENT_EXPIRED: "The permission of support agents ended at {at}. They can no longer log in to your account.",
        _H.CLAIM_TAKEN: "A support agent took your claim at {at}.",
        _H.CLAIM_LOGGED: "Support wrote something down in the investigation at {at}: {detail}.",
        _H.CLAIM_CLOSED: "Support closed your claim at {at}: {detail}. It no longer opens its parcel to support.",
    },
    logged={
        InvestigationKind.NOTE: "a note",
        InvestigationKind.SENT_TO_CARRIER: "sent to the carrier",
        InvestigationKind.CARRIER_ANSWERED: "the carrier answered",
        InvestigationKind.ASKED_MERCHANT: "a question to you",
    },
    outcomes={ClaimStatus.RESOLVED: "resolved", ClaimStatus.REJECTED: "rejected"},
    account="Account",
    claim="Claim",
    panel="Your panel",
    why="You get this message because you are an owner or administrator of this account, or filed this claim. Replies are not read.",
)
_NL = Words(
    subjects={
        _H.CONSENT_GRANTED: "Medewerkers login: toestemming gegeven",
        _H.CONSENT_USED: "Medewerkers login: voor het eerst gebruikt",
        _H.CONSENT_REVOKED: "Medewerkers login: toestemming ingetrokken",
        _H.CONSENT_REPLACED: "Medewerkers login: toestemming vervangen",
        _H.CONSENT_EXPIRED: "Medewerkers login: toestemming afgelopen",
        _H.CLAIM_TAKEN: "Support werkt aan uw claim",
        _H.CLAIM_LOGGED: "Nieuws over uw claim",
        _H.CLAIM_CLOSED: "Uw claim is gesloten",
    },
    texts={
        _H.CONSENT_GRANTED: "{by} heeft Support medewerkers toestemming gegeven om in te loggen op uw account, van {at} tot {until}.",
        _H.CONSENT_USED: "Op {at} heeft een Support medewerker voor het eerst iets gezien of gewijzigd in uw account, met de"
        " toestemming van {granted}. Het toegangslogboek vertelt wat.",
        _H.CONSENT_REVOKED: "{by} heeft op {at} de toestemming van Support medewerkers ingetrokken. Zij kunnen niet meer inloggen op uw account.",
        _H.CONSENT_REPLACED: "{by} heeft op {at} een nieuwe toestemming gegeven. Die vervangt de toestemming van {granted}.",
        _H.CONSENT_EXPIRED: "De toestemming van Support medewerkers is op {at} afgelopen. Zij kunnen niet meer inloggen op uw account.",
        _H.CLAIM_TAKEN: "Een Support medewerker heeft uw claim op {at} in behandeling genomen.",
        _H.CLAIM_LOGGED: "Support heeft op {at} iets vastgelegd in het onderzoek: {detail}.",
        _H.CLAIM_CLOSED: "Support heeft uw claim op {at} gesloten: {detail}. Die geeft support geen toegang meer tot het pakket.",
    },
    logged={
        InvestigationKind.NOTE: "een notitie",
        InvestigationKind.SENT_TO_CARRIER: "naar de vervoerder gestuurd",
        InvestigationKind.CARRIER_ANSWERED: "de vervoerder heeft geantwoord",
        InvestigationKind.ASKED_MERCHANT: "een vraag aan u",
    },
    outcomes={ClaimStatus.RESOLVED: "opgelost", ClaimStatus.REJECTED: "afgewezen"},
    account="Account",
    claim="Claim",
    panel="Uw paneel",
    why="U krijgt dit bericht omdat u eigenaar of beheerder van dit account bent, of deze claim hebt ingediend. Antwoorden worden niet gelezen.",
)
_ES = Words(
    subjects={
        _H.CONSENT_GRANTED: "Inicio de sesión del agente: permiso concedido",
        _H.CONSENT_USED: "Inicio de sesión del agente: usado por primera vez",
        _H.CONSENT_REVOKED: "Inicio de sesión del agente: permiso revocado",
        _H.CONSENT_REPLACED: "Inicio de sesión del agente: permiso sustituido",
        _H.CONSENT_EXPIRED: "Inicio de sesión del agente: permiso terminado",
        _H.CLAIM_TAKEN: "Soporte trabaja en su reclamación",
        _H.CLAIM_LOGGED: "Novedades sobre su reclamación",
        _H.CLAIM_CLOSED: "Su reclamación está cerrada",
    },
    texts={
        _H.CONSENT_GRANTED: "{by} ha concedido permiso a los agentes de servicio al cliente para iniciar sesión en su cuenta,"
        " desde {at} hasta {until}.",
        _H.CONSENT_USED: "El {at} un agente de servicio al cliente vio o cambió algo en su cuenta por primera vez"
        " con el permiso del {granted}. El registro de accesos dice qué.",
        _H.CONSENT_REVOKED: "{by} ha revocado el permiso de los agentes de servicio al cliente el {at}. Ya no pueden iniciar sesión en su cuenta.",
        _H.CONSENT_REPLACED: "{by} ha concedido un permiso nuevo el {at}. Sustituye al del {granted}.",
        _H.CONSENT_EXPIRED: "El permiso de los agentes de servicio al cliente terminó el {at}. Ya no pueden iniciar sesión en su cuenta.",
        _H.CLAIM_TAKEN: "Un agente de servicio al cliente se encarga de su reclamación desde el {at}.",
        _H.CLAIM_LOGGED: "Soporte ha anotado algo en la investigación el {at}: {detail}.",
        _H.CLAIM_CLOSED: "Soporte ha cerrado su reclamación el {at}: {detail}. Ya no abre el paquete a soporte.",
    },
    logged={
        InvestigationKind.NOTE: "una nota",
        InvestigationKind.SENT_TO_CARRIER: "enviada al transportista",
        InvestigationKind.CARRIER_ANSWERED: "el transportista ha respondido",
        InvestigationKind.ASKED_MERCHANT: "una pregunta para usted",
    },
    outcomes={ClaimStatus.RESOLVED: "resuelta", ClaimStatus.REJECTED: "rechazada"},
    account="Cuenta",
    claim="Reclamación",
    panel="Su panel",
    why="Recibe este mensaje porque es propietario o administrador de esta cuenta, o presentó esta reclamación. No se leen las respuestas.",
)
_DE = Words(
    subjects={
        _H.CONSENT_GRANTED: "Mitarbeiter-Login: Berechtigung erteilt",
        _H.CONSENT_USED: "Mitarbeiter-Login: zum ersten Mal genutzt",
        _H.CONSENT_REVOKED: "Mitarbeiter-Login: Berechtigung widerrufen",
        _H.CONSENT_REPLACED: "Mitarbeiter-Login: Berechtigung ersetzt",
        _H.CONSENT_EXPIRED: "Mitarbeiter-Login: Berechtigung abgelaufen",
        _H.CLAIM_TAKEN: "Der Support bearbeitet Ihre Reklamation",
        _H.CLAIM_LOGGED: "Neues zu Ihrer Reklamation",
        _H.CLAIM_CLOSED: "Ihre Reklamation ist geschlossen",
    },
    texts={
        _H.CONSENT_GRANTED: "{by} hat Support-Mitarbeitern die Berechtigung erteilt, sich in Ihr Konto einzuloggen, von {at} bis {until}.",
        _H.CONSENT_USED: "Am {at} hat ein Support-Mitarbeiter mit der Berechtigung vom {granted} zum ersten Mal etwas in Ihrem Konto gesehen"
        " oder geändert. Was, steht im Zugriffsprotokoll.",
        _H.CONSENT_REVOKED: "{by} hat die Berechtigung der Support-Mitarbeiter am {at} widerrufen."
        " Sie können sich nicht mehr in Ihr Konto einloggen.",
        _H.CONSENT_REPLACED: "{by} hat am {at} eine neue Berechtigung erteilt. Sie ersetzt die vom {granted}.",
        _H.CONSENT_EXPIRED: "Die Berechtigung der Support-Mitarbeiter ist am {at} abgelaufen. Sie können sich nicht mehr in Ihr Konto einloggen.",
        _H.CLAIM_TAKEN: "Ein Support-Mitarbeiter hat Ihre Reklamation am {at} übernommen.",
        _H.CLAIM_LOGGED: "Der Support hat am {at} etwas in der Nachforschung festgehalten: {detail}.",
        _H.CLAIM_CLOSED: "Der Support hat Ihre Reklamation am {at} geschlossen: {detail}. Sie öffnet dem Support das Paket nicht mehr.",
    },
    logged={
        InvestigationKind.NOTE: "eine Notiz",
        InvestigationKind.SENT_TO_CARRIER: "an den Versanddienstleister gesendet",
        InvestigationKind.CARRIER_ANSWERED: "der Versanddienstleister hat geantwortet",
        InvestigationKind.ASKED_MERCHANT: "eine Frage an Sie",
    },
    outcomes={ClaimStatus.RESOLVED: "gelöst", ClaimStatus.REJECTED: "abgelehnt"},
    account="Konto",
    claim="Reklamation",
    panel="Ihr Panel",
    why="Sie erhalten diese Nachricht, weil Sie Inhaber oder Administrator dieses Kontos sind oder diese Reklamation eingereicht haben."
    " Antworten werden nicht gelesen.",
)
_FR = Words(
    subjects={
        _H.CONSENT_GRANTED: "Accès de connexion d'un agent : autorisation accordée",
        _H.CONSENT_USED: "Accès de connexion d'un agent : première utilisation",
        _H.CONSENT_REVOKED: "Accès de connexion d'un agent : autorisation révoquée",
        _H.CONSENT_REPLACED: "Accès de connexion d'un agent : autorisation remplacée",
        _H.CONSENT_EXPIRED: "Accès de connexion d'un agent : autorisation terminée",
        _H.CLAIM_TAKEN: "Le support traite votre réclamation",
        _H.CLAIM_LOGGED: "Du nouveau sur votre réclamation",
        _H.CLAIM_CLOSED: "Votre réclamation est close",
    },
    texts={
        _H.CONSENT_GRANTED: "{by} a accordé aux agents du support l'autorisation de se connecter à votre compte, du {at} au {until}.",
        _H.CONSENT_USED: "Le {at}, un agent du support a vu ou modifié quelque chose dans votre compte pour la première fois avec l'autorisation"
        " du {granted}. Le journal des accès dit quoi.",
        _H.CONSENT_REVOKED: "{by} a révoqué l'autorisation des agents du support le {at}. Ils ne peuvent plus se connecter à votre compte.",
        _H.CONSENT_REPLACED: "{by} a accordé une nouvelle autorisation le {at}. Elle remplace celle du {granted}.",
        _H.CONSENT_EXPIRED: "L'autorisation des agents du support a pris fin le {at}. Ils ne peuvent plus se connecter à votre compte.",
        _H.CLAIM_TAKEN: "Un agent du support a pris en charge votre réclamation le {at}.",
        _H.CLAIM_LOGGED: "Le support a noté quelque chose dans l'enquête le {at} : {detail}.",
        _H.CLAIM_CLOSED: "Le support a clos votre réclamation le {at} : {detail}. Elle n'ouvre plus le colis au support.",
    },
    logged={
        InvestigationKind.NOTE: "une note",
        InvestigationKind.SENT_TO_CARRIER: "envoyée au transporteur",
        InvestigationKind.CARRIER_ANSWERED: "le transporteur a répondu",
        InvestigationKind.ASKED_MERCHANT: "une question pour vous",
    },
    outcomes={ClaimStatus.RESOLVED: "résolue", ClaimStatus.REJECTED: "rejetée"},
    account="Compte",
    claim="Réclamation",
    panel="Votre panneau",
    why="Vous recevez ce message parce que vous êtes propriétaire ou administrateur de ce compte, ou avez déposé cette réclamation."
    " Les réponses ne sont pas lues.",
)
_IT = Words(
    subjects={
        _H.CONSENT_GRANTED: "Accesso all'agente: autorizzazione concessa",
        _H.CONSENT_USED: "Accesso all'agente: usato per la prima volta",
        _H.CONSENT_REVOKED: "Accesso all'agente: autorizzazione revocata",
        _H.CONSENT_REPLACED: "Accesso all'agente: autorizzazione sostituita",
        _H.CONSENT_EXPIRED: "Accesso all'agente: autorizzazione terminata",
        _H.CLAIM_TAKEN: "L'assistenza sta lavorando al Suo reclamo",
        _H.CLAIM_LOGGED: "Novità sul Suo reclamo",
        _H.CLAIM_CLOSED: "Il Suo reclamo è chiuso",
    },
    texts={
        _H.CONSENT_GRANTED: "{by} ha concesso agli agenti di assistenza l'autorizzazione ad accedere al Suo account, da {at} a {until}.",
        _H.CONSENT_USED: "Il {at} un agente di assistenza ha visto o modificato qualcosa nel Suo account per la prima volta con l'autorizzazione"
        " del {granted}. Il registro degli accessi dice cosa.",
        _H.CONSENT_REVOKED: "{by} ha revocato l'autorizzazione degli agenti di assistenza il {at}. Non possono più accedere al Suo account.",
        _H.CONSENT_REPLACED: "{by} ha concesso una nuova autorizzazione il {at}. Sostituisce quella del {granted}.",
        _H.CONSENT_EXPIRED: "L'autorizzazione degli agenti di assistenza è terminata il {at}. Non possono più accedere al Suo account.",
        _H.CLAIM_TAKEN: "Un agente di assistenza ha preso in carico il Suo reclamo il {at}.",
        _H.CLAIM_LOGGED: "L'assistenza ha annotato qualcosa nell'indagine il {at}: {detail}.",
        _H.CLAIM_CLOSED: "L'assistenza ha chiuso il Suo reclamo il {at}: {detail}. Non apre più il pacco all'assistenza.",
    },
    logged={
        InvestigationKind.NOTE: "una nota",
        InvestigationKind.SENT_TO_CARRIER: "inviato al corriere",
        InvestigationKind.CARRIER_ANSWERED: "il corriere ha risposto",
        InvestigationKind.ASKED_MERCHANT: "una domanda per Lei",
    },
    outcomes={ClaimStatus.RESOLVED: "risolto", ClaimStatus.REJECTED: "respinto"},
    account="Account",
    claim="Reclamo",
    panel="Il Suo pannello",
    why="Riceve questo messaggio perché è proprietario o amministratore di questo account, o ha presentato questo reclamo."
    " Le risposte non vengono lette.",
)

LANGUAGES: Mapping[str, Words] = {"en": _EN, "nl": _NL, "es": _ES, "de": _DE, "fr": _FR, "it": _IT}


def language(*locales: str | None) -> str:
    """The first of these BCP 47 tags whose language is one of the six; else English."""
    return next((found for each in locales if each and (found := each.partition("-")[0].lower()) in LANGUAGES), "en")
