import common from "../../common/words/it";
import type { ConsoleWords } from "../words";
import english from "./en";

const words: ConsoleWords = { ...english, common };
export default words;
