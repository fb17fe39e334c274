import common from "../../common/words/it";
import type { PanelWords } from "../words";
import english from "./en";

const words: PanelWords = { ...english, common };
export default words;
