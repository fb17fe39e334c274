import type { DialogsWords } from "../words";

const words: DialogsWords = {
  deletion: {
    title: "Account verwijderen",
    destroyed: "Als u het verwijdert, wordt meteen en voorgoed vernietigd:",
    destroyedList: [
      "de persoonsgegevens van alle pakketten: ontvangers, inhoud, documenten, gebeurtenissen, notities",
      "wat in claims staat; open claims worden ingetrokken",
      "afzenderadressen, antwoord-, BCC- en webhookadres en automatische incasso",
      "ieders login en tokens, en een lopende toestemming voor support",
    ],
    stays: "Wat blijft: de contouren van pakketten (status, vervoerder, land, gewicht, data), wanneer toestemming is gegeven, en het inzagelogboek, met namen van velden en nooit hun inhoud.",
    confirm: (company) => `Typ ter bevestiging de naam van het bedrijf: ${company}`,
    name: "Bedrijfsnaam",
    wrong: "Dit is niet de naam van het bedrijf.",
    final: "Definitief verwijderen",
    done: "Het account is verwijderd.",
  },
  debit: {
    bic: "BIC (optioneel)",
    removeTitle: "De automatische incasso verwijderen?",
    removeText: "Facturen worden niet meer van deze rekening afgeschreven. U kunt het altijd opnieuw instellen.",
    removed: "De automatische incasso is verwijderd.",
    wrongIban: "Dit is geen IBAN. Kijk of een letter of cijfer verkeerd is getypt.",
    wrongBic: "Dit is geen BIC: die heeft 8 of 11 letters en cijfers.",
  },
};
export default words;
