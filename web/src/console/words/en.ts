import common from "../../common/words/en";

export default {
  common,
  where: "agent console",
  nav: {
    work: "Work queue",
    accounts: "Accounts",
  },
  elsewhere: {
    title: "This is the agents' console",
    text: "You are signed in as a merchant's user.",
    link: "To the merchant panel",
  },
};
