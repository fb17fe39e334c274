import type { PreferencesWords } from "../words";

const words: PreferencesWords = {
  general: "Allgemein",
  locale: "Sprache und Region",
  timezone: "Zeitzone",
  carrier: "Standard-Versanddienst",
  carrierHint: "Sein Kürzel, etwa postnl oder dhl. Leer: keiner.",
  label: "Etikettenformat",
  returns: "Retourenportal",
  notifications: "Sendungsbenachrichtigungen an Empfänger",
  channels: "Wohin Ihre Daten gehen",
  channelsHint: "Diese drei sieht und ändert der Support nie.",
  replyTo: "Antwortadresse",
  bcc: "BCC-Adresse",
  webhook: "Webhook-Adresse",
  webhookHint: "Eine https-Adresse.",
  senders: "Absenderadressen",
  sender: (number) => `Adresse ${number}`,
  contact: "Kontakt",
  add: "Adresse hinzufügen",
  remove: "Entfernen",
  noSenders: "Noch keine Absenderadresse.",
  readOnly: "Sie können lesen, aber nicht ändern: Einstellungen ändern nur Inhaber und Administratoren.",
  saved: "Die Einstellungen sind gespeichert.",
};
export default words;
