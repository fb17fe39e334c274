import common from "../../common/words/de";
import type { PanelWords } from "../words";

const words: PanelWords = {
  common,
  where: "Händlerportal",
  nav: {
    parcels: "Pakete",
    support: "Support",
    accessLog: "Zugriffsprotokoll",
    settings: "Einstellungen",
    account: "Konto",
    preferences: "Voreinstellungen",
  },
  agentLogin: "Mitarbeiter-Login",
  said: {
    granted: "Der Mitarbeiter-Login ist an: Der Support kann personenbezogene Daten in Ihrem Konto sehen.",
    ended: "Der Mitarbeiter-Login ist aus: Der Support sieht keine personenbezogenen Daten mehr.",
    claim: (status) => `Eine Reklamation hat sich geändert: ${status}.`,
  },
  elsewhere: {
    title: "Dies ist das Portal für Händler",
    text: "Sie sind als Support-Mitarbeiter angemeldet.",
    link: "Zur Konsole für Mitarbeiter",
  },
};
export default words;
