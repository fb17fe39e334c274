import type { DialogsWords } from "../words";

const words: DialogsWords = {
  deletion: {
    title: "Konto löschen",
    destroyed: "Beim Löschen wird sofort und endgültig vernichtet:",
    destroyedList: [
      "die personenbezogenen Daten aller Pakete: Empfänger, Inhalte, Dokumente, Ereignisse, Notizen",
      "was in Reklamationen steht; offene werden zurückgezogen",
      "Absenderadressen, Antwort-, BCC- und Webhook-Adresse und Lastschrift",
      "alle Anmeldungen und Tokens und eine laufende Berechtigung für den Support",
    ],
    stays: "Was bleibt: Eckdaten der Pakete (Status, Versanddienstleister, Land, Gewicht, Daten), wann Berechtigungen erteilt wurden, und das Zugriffsprotokoll, das Namen von Feldern enthält und nie deren Inhalt.",
    confirm: (company) => `Geben Sie zur Bestätigung den Firmennamen ein: ${company}`,
    name: "Firmenname",
    wrong: "Das ist nicht der Firmenname.",
    final: "Endgültig löschen",
    done: "Das Konto ist gelöscht.",
  },
  debit: {
    bic: "BIC (optional)",
    removeTitle: "Die Lastschrift entfernen?",
    removeText: "Rechnungen werden nicht mehr von diesem Konto eingezogen. Sie können sie jederzeit neu einrichten.",
    removed: "Die Lastschrift ist entfernt.",
    wrongIban: "Das ist keine IBAN. Prüfen Sie, ob ein Zeichen vertippt ist.",
    wrongBic: "Das ist keine BIC: Sie hat 8 oder 11 Buchstaben und Ziffern.",
  },
};
export default words;
