import type { PreferencesWords } from "../words";

const words: PreferencesWords = {
  general: "Generale",
  locale: "Lingua e regione",
  timezone: "Fuso orario",
  carrier: "Corriere predefinito",
  carrierHint: "Il suo codice, come brt o dhl. Vuoto: nessuno.",
  label: "Formato dell'etichetta",
  returns: "Portale dei resi",
  notifications: "Notifiche di tracciamento ai destinatari",
  channels: "Dove vanno i Suoi dati",
  channelsHint: "L'assistenza non vede né modifica mai questi tre.",
  replyTo: "Indirizzo di risposta",
  bcc: "Indirizzo in copia nascosta",
  webhook: "Indirizzo del webhook",
  webhookHint: "Un indirizzo https.",
  senders: "Indirizzi mittente",
  sender: (number) => `Indirizzo ${number}`,
  contact: "Contatto",
  add: "Aggiungere un indirizzo",
  remove: "Rimuovere",
  noSenders: "Ancora nessun indirizzo mittente.",
  readOnly: "Può guardare, ma non modificare: le impostazioni sono riservate a proprietari e amministratori.",
  saved: "Le impostazioni sono state salvate.",
};
export default words;
