import type { AccessWords } from "../words";

const words: AccessWords = {
  lead: "Wer vom Support personenbezogene Daten Ihres Kontos gesehen oder geändert hat. Hier steht, was angesehen wurde, nie was dort stand.",
  agent: "Support-Mitarbeiter",
  basis: "Grundlage",
  any: "Alle",
  consent: "Ihre Berechtigung",
  claim: "Ihre Reklamation",
  from: "Ab",
  until: "Bis",
  oneParcel: "Nur zu einem Paket.",
  allParcels: "Alles anzeigen",
  none: "Niemand vom Support hat etwas gesehen oder geändert.",
  noneFound: "Nichts gefunden.",
  theParcel: "Paket an",
  aParcel: "ein gelöschtes Paket",
  theAccount: "Ihr Konto",
  managers: "Das Zugriffsprotokoll ist für Inhaber und Administratoren: Es zeigt, was der Support für alle im Unternehmen getan hat.",
  events: (count) => (count === 1 ? "1 Eintrag" : `${count} Einträge`),
  changed: "Geändert",
  saw: "Gesehen",
  page: "Seite",
  request: "Anfrage",
};
export default words;
