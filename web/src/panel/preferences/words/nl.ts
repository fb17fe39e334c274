import type { PreferencesWords } from "../words";

const words: PreferencesWords = {
  general: "Algemeen",
  locale: "Taal en regio",
  timezone: "Tijdzone",
  carrier: "Standaardvervoerder",
  carrierHint: "De code, zoals postnl of dhl. Leeg: geen.",
  label: "Labelformaat",
  returns: "Retourportaal",
  notifications: "Trackingberichten aan ontvangers",
  channels: "Waar uw gegevens heen gaan",
  channelsHint: "Support ziet of wijzigt deze drie nooit.",
  replyTo: "Antwoordadres",
  bcc: "BCC-adres",
  webhook: "Webhookadres",
  webhookHint: "Een https-adres.",
  senders: "Afzenderadressen",
  sender: (number) => `Adres ${number}`,
  contact: "Contactpersoon",
  add: "Adres toevoegen",
  remove: "Verwijderen",
  noSenders: "Nog geen afzenderadres.",
  readOnly: "U kunt kijken, maar niet wijzigen: alleen een eigenaar of beheerder wijzigt instellingen.",
  saved: "De instellingen zijn opgeslagen.",
};
export default words;
