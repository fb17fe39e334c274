import type { DialogsWords } from "../words";

const words: DialogsWords = {
  deletion: {
    title: "Supprimer le compte",
    destroyed: "La suppression détruit, immédiatement et pour toujours :",
    destroyedList: [
      "les données personnelles de tous les colis : destinataires, contenus, documents, événements, notes",
      "ce qui est écrit dans les réclamations ; celles qui sont ouvertes sont retirées",
      "adresses d'expédition, de réponse, de copie cachée et de webhook, et le prélèvement automatique",
      "les connexions et jetons de tous, et une autorisation en cours pour le support",
    ],
    stays: "Ce qui reste : les données de base des colis (statut, transporteur, pays, poids, dates), quand des autorisations ont été accordées, et le journal des accès, qui contient des noms de champs et jamais leur contenu.",
    confirm: (company) => `Pour confirmer, saisissez le nom de l'entreprise : ${company}`,
    name: "Nom de l'entreprise",
    wrong: "Ce n'est pas le nom de l'entreprise.",
    final: "Supprimer définitivement",
    done: "Le compte est supprimé.",
  },
  debit: {
    bic: "BIC (facultatif)",
    removeTitle: "Supprimer le prélèvement automatique ?",
    removeText: "Les factures ne sont plus prélevées sur ce compte. Vous pouvez le configurer à nouveau à tout moment.",
    removed: "Le prélèvement automatique est supprimé.",
    wrongIban: "Ceci n'est pas un IBAN. Vérifiez s'il y a une faute de frappe.",
    wrongBic: "Ceci n'est pas un BIC : il compte 8 ou 11 lettres et chiffres.",
  },
};
export default words;
