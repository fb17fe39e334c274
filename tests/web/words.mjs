// Prints every word of both apps as JSON: {part: {language: {path: text}}}. A function of words stands as its source.
// Run in web/, whose Vite reads the TypeScript: node ../tests/web/words.mjs
import { readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

const { runnerImport } = await import(pathToFileURL(createRequire(`${process.cwd()}/`).resolve("vite")).href);

const found = {};
for (const name of (await readdir("src", { recursive: true })).filter((each) => each.endsWith("words/en.ts")).sort()) {
  const part = dirname(dirname(name));
  found[part] = {};
  for (const language of ["en", "nl", "es", "de", "fr", "it"]) {
    const { module } = await runnerImport(`./src/${part}/words/${language}.ts`);
    const { common, ...own } = module.default;
    found[part][language] = Object.fromEntries(flat(own));
  }
}
console.log(JSON.stringify(found));

function* flat(words, path = "") {
  for (const [key, word] of Object.entries(words)) {
    const here = path ? `${path}.${key}` : key;
    if (word !== null && typeof word === "object") {
      yield* flat(word, here);
    } else {
      yield [here, String(word)];
    }
  }
}
