import common from "../../common/words/en";

export default {
  common,
  where: "panel",
  nav: {
    parcels: "Parcels",
    support: "Support",
    accessLog: "Access log",
    settings: "Settings",
  },
  elsewhere: {
    title: "This is the merchants' panel",
    text: "You are signed in as a support agent.",
    link: "To the agent console",
  },
};
