export default {
  deletion: {
    title: "Delete account",
    destroyed: "Deleting it destroys, at once and for good:",
    destroyedList: [
      "the personal data of all parcels: recipients, contents, documents, tracking events, notes",
      "what was written in claims; open ones are withdrawn",
      "sender addresses, reply-to, BCC, webhook address and direct debit",
      "everybody's sign-in and tokens, and a live permission for support",
    ],
    stays: "What stays: outlines of parcels (status, carrier, country, weight, dates), when permission was granted, and the access log, which holds names of fields and never values.",
    confirm: (company: string) => `To confirm, type the company's name: ${company}`,
    name: "Company name",
    wrong: "This is not the company's name.",
    final: "Delete for good",
    done: "The account is deleted.",
  },
  debit: {
    bic: "BIC (optional)",
    removeTitle: "Remove the direct debit?",
    removeText: "Invoices are no longer collected from this account. You can set it up again at any time.",
    removed: "The direct debit is removed.",
    wrongIban: "This is not an IBAN. Look for a mistyped letter or number.",
    wrongBic: "This is not a BIC: it has 8 or 11 letters and numbers.",
  },
};
