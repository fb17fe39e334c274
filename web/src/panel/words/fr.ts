import common from "../../common/words/fr";
import type { PanelWords } from "../words";
import english from "./en";

const words: PanelWords = { ...english, common };
export default words;
