import type { CommonWords } from "../speech";
import english from "./en";

const words: CommonWords = english;
export default words;
