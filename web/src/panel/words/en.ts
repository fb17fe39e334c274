import common from "../../common/words/en";

export default {
  common,
  where: "panel",
  nav: {
    parcels: "Parcels",
    support: "Support",
    accessLog: "Access log",
    settings: "Settings",
    account: "Account",
    preferences: "Preferences",
  },
  agentLogin: "Agent login",
  said: {
    granted: "Agent login is on: support can see personal data in your account.",
    ended: "Agent login is off: support no longer sees personal data.",
    claim: (status: string) => `A claim changed: ${status}.`,
  },
  elsewhere: {
    title: "This is the merchants' panel",
    text: "You are signed in as a support agent.",
    link: "To the agent console",
  },
};
