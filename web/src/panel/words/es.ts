import common from "../../common/words/es";
import type { PanelWords } from "../words";

const words: PanelWords = {
  common,
  where: "portal del comercio",
  nav: {
    parcels: "Paquetes",
    support: "Soporte",
    accessLog: "Registro de accesos",
    settings: "Configuración",
    account: "Cuenta",
    preferences: "Preferencias",
  },
  agentLogin: "Inicio de sesión del agente",
  said: {
    granted: "El inicio de sesión del agente está activado: Soporte puede ver datos personales de su cuenta.",
    ended: "El inicio de sesión del agente está desactivado: Soporte ya no ve datos personales.",
    claim: (status) => `Ha cambiado una reclamación: ${status}.`,
  },
  elsewhere: {
    title: "Este es el portal de los comercios",
    text: "Ha iniciado sesión como agente de Soporte.",
    link: "Ir a la consola de agentes",
  },
};
export default words;
