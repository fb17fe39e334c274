import common from "../../common/words/nl";
import type { PanelWords } from "../words";

const words: PanelWords = {
  common,
  where: "verkopersportaal",
  nav: {
    parcels: "Pakketten",
    support: "Ondersteuning",
    accessLog: "Inzagelogboek",
    settings: "Instellingen",
    account: "Account",
    preferences: "Voorkeuren",
  },
  agentLogin: "Medewerkers login",
  said: {
    granted: "Medewerkers login staat aan: support kan persoonsgegevens in uw account zien.",
    ended: "Medewerkers login staat uit: support ziet geen persoonsgegevens meer.",
    claim: (status) => `Een claim is gewijzigd: ${status}.`,
  },
  elsewhere: {
    title: "Dit is het portaal voor verkopers",
    text: "U bent ingelogd als medewerker van support.",
    link: "Naar de console voor medewerkers",
  },
};
export default words;
