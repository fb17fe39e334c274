import type { PreferencesWords } from "../words";

const words: PreferencesWords = {
  general: "Général",
  locale: "Langue et région",
  timezone: "Fuseau horaire",
  carrier: "Transporteur habituel",
  carrierHint: "Son code, comme colissimo ou dhl. Vide : aucun.",
  label: "Format d'étiquette",
  returns: "Portail de retour",
  notifications: "Notifications de suivi aux destinataires",
  channels: "Où vont vos données",
  channelsHint: "Le support ne voit ni ne modifie jamais ces trois réglages.",
  replyTo: "Adresse de réponse",
  bcc: "Adresse en copie cachée",
  webhook: "Adresse du webhook",
  webhookHint: "Une adresse https.",
  senders: "Adresses d'expédition",
  sender: (number) => `Adresse ${number}`,
  contact: "Contact",
  add: "Ajouter une adresse",
  remove: "Supprimer",
  noSenders: "Pas encore d'adresse d'expédition.",
  readOnly: "Vous pouvez consulter, mais pas modifier : seuls propriétaires et administrateurs modifient les réglages.",
  saved: "Les réglages sont enregistrés.",
};
export default words;
