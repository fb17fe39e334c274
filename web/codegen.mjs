// Types of every operation under src/, and the manifest of trusted documents the server knows them by, from schema/schema.graphql.
// A query that the schema does not have fails here, before anything compiles.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { codegen } from "@graphql-codegen/core";
import { preset } from "@graphql-codegen/client-preset";
import { buildASTSchema, isEnumType, parse, Source } from "graphql";

const OUTPUT = "src/gql/";

const schema = parse(new Source(await readFile("../schema/schema.graphql", "utf8"), "schema.graphql"));
const schemaAst = buildASTSchema(schema);
const documents = [];
for (const name of (await readdir("src", { recursive: true })).filter((each) => each.endsWith(".graphql")).sort()) {
  const location = join("src", name);
  const rawSDL = await readFile(location, "utf8");
  documents.push({ location, rawSDL, document: parse(new Source(rawSDL, location)) });
}

const sections = await preset.buildGeneratesSection({
  baseOutputDir: OUTPUT,
  schema,
  schemaAst,
  documents,
  plugins: [],
  pluginMap: {},
  config: {
    enumsAsTypes: true,
    useTypeImports: true,
    skipTypename: true,
    defaultScalarType: "never",
    scalars: { ID: "string", DateTime: "string", CountryCode: "string" },
  },
  presetConfig: {
    fragmentMasking: false,
    persistedDocuments: { mode: "replaceDocumentWithHash", hashPropertyName: "hash", hashAlgorithm: sha256 },
  },
});

await rm(OUTPUT, { recursive: true, force: true });
for (const section of sections) {
  await mkdir(dirname(section.filename), { recursive: true });
  await writeFile(section.filename, await codegen(section));
}

// The documents of each .graphql file in a module of their own, so that a page loads those it uses and no others. graphql.ts still exports them all.
const ALL = `${OUTPUT}graphql.ts`;
const constant = /^export const (\w+)Document = .*? as unknown as DocumentNode<(\w+), ?(\w+)>;\n?/gm;
const generated = await readFile(ALL, "utf8");
const written = new Map([...generated.matchAll(constant)].map((found) => [found[1], found]));
const modules = [];
for (const { location, document } of documents) {
  const operations = document.definitions.filter((each) => each.kind === "OperationDefinition").map(({ name }) => written.get(pascal(name.value)));
  const name = location.replace(/^src[\\/]/, "").replace(/\.graphql$/, "").replaceAll(/[\\/]/g, "-");
  const types = operations.flatMap(([, , answer, variables]) => [answer, variables]).join(", ");
  const head = `import type { TypedDocumentNode as DocumentNode } from "@graphql-typed-document-node/core";\nimport type { ${types} } from "./graphql";\n`;
  await writeFile(`${OUTPUT}${name}.ts`, head + operations.map(([text]) => `${text.trim()}\n`).join(""));
  modules.push(`export * from "./${name}";\n`);
}
await writeFile(ALL, generated.replaceAll(constant, "").replace(/^import .*DocumentNode.*\n/m, "") + modules.join(""));

function pascal(name) {
  return name[0].toUpperCase() + name.slice(1);
}

// Every enum, used by an operation or not: the words of each language have one for every value.
const enums = Object.values(schemaAst.getTypeMap()).filter((type) => isEnumType(type) && !type.name.startsWith("__"));
const union = (type) => type.getValues().map(({ name }) => JSON.stringify(name)).join(" | ");
await writeFile(`${OUTPUT}enums.ts`, enums.map((type) => `export type ${type.name} = ${union(type)};\n`).join(""));

function sha256(text) {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
