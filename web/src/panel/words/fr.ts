import common from "../../common/words/fr";
import type { PanelWords } from "../words";

const words: PanelWords = {
  common,
  where: "portail marchand",
  nav: {
    parcels: "Colis",
    support: "Support",
    accessLog: "Journal des accès",
    settings: "Réglages",
    account: "Mon compte",
    preferences: "Préférences",
  },
  agentLogin: "Accès de connexion d'un agent",
  said: {
    granted: "L'accès de connexion d'un agent est activé : le support peut voir des données personnelles de votre compte.",
    ended: "L'accès de connexion d'un agent est désactivé : le support ne voit plus de données personnelles.",
    claim: (status) => `Une réclamation a changé : ${status}.`,
  },
  elsewhere: {
    title: "Ceci est le portail des marchands",
    text: "Vous êtes connecté en tant qu'agent du support.",
    link: "Vers la console des agents",
  },
};
export default words;
