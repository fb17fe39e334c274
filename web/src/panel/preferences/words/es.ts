import type { PreferencesWords } from "../words";

const words: PreferencesWords = {
  general: "General",
  locale: "Idioma y región",
  timezone: "Zona horaria",
  carrier: "Transportista habitual",
  carrierHint: "Su código, como correos o dhl. Vacío: ninguno.",
  label: "Formato de etiqueta",
  returns: "Portal de devoluciones",
  notifications: "Avisos de seguimiento a los destinatarios",
  channels: "Adónde van sus datos",
  channelsHint: "Soporte nunca ve ni cambia estos tres.",
  replyTo: "Dirección de respuesta",
  bcc: "Dirección CCO",
  webhook: "Dirección del webhook",
  webhookHint: "Una dirección https.",
  senders: "Direcciones de remitente",
  sender: (number) => `Dirección ${number}`,
  contact: "Contacto",
  add: "Añadir una dirección",
  remove: "Quitar",
  noSenders: "Aún no hay direcciones de remitente.",
  readOnly: "Puede mirar, pero no cambiar: solo propietarios y administradores cambian la configuración.",
  saved: "La configuración se ha guardado.",
};
export default words;
