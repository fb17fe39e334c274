import common from "../../common/words/it";
import type { PanelWords } from "../words";

const words: PanelWords = {
  common,
  where: "portale del venditore",
  nav: {
    parcels: "Pacchi",
    support: "Assistenza",
    accessLog: "Registro degli accessi",
    settings: "Impostazioni",
    account: "Account",
    preferences: "Preferenze",
  },
  agentLogin: "Accesso all'agente",
  said: {
    granted: "L'accesso all'agente è attivo: l'assistenza può vedere i dati personali del Suo account.",
    ended: "L'accesso all'agente è disattivato: l'assistenza non vede più i dati personali.",
    claim: (status) => `Un reclamo è cambiato: ${status}.`,
  },
  elsewhere: {
    title: "Questo è il portale dei venditori",
    text: "Ha effettuato l'accesso come agente di assistenza.",
    link: "Alla console degli agenti",
  },
};
export default words;
