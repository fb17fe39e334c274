import type { AccessWords } from "../words";

const words: AccessWords = {
  lead: "Quién de Soporte vio o cambió datos personales de su cuenta. Dice qué se miró, nunca qué ponía.",
  agent: "Agente de Soporte",
  basis: "En virtud de",
  any: "Todo",
  consent: "Su permiso",
  claim: "Una reclamación suya",
  from: "Desde",
  until: "Hasta",
  oneParcel: "Solo sobre un paquete.",
  allParcels: "Mostrar todo",
  none: "Nadie de Soporte ha visto ni cambiado nada.",
  noneFound: "No se ha encontrado nada.",
  theParcel: "paquete de",
  aParcel: "un paquete eliminado",
  theAccount: "su cuenta",
  managers: "El registro de accesos es para propietarios y administradores: muestra lo que hizo Soporte para todos en la empresa.",
  events: (count) => (count === 1 ? "1 entrada" : `${count} entradas`),
  changed: "Cambiado",
  saw: "Visto",
  page: "Página",
  request: "Solicitud",
};
export default words;
