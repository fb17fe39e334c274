// What does graphql-shield cost? graphql-yoga with a rule on each personal field, as graphql-shield's documentation has it.
//
//     node yoga_shield.mjs postgres://… PORT
//
// The rule's cache is keyed by the parcel: `strict` would hash every parent object, which takes ten times as long.
import { createServer } from "node:http";

import { applyMiddleware } from "graphql-middleware";
import { rule, shield } from "graphql-shield";
import { createSchema, createYoga } from "graphql-yoga";

import { PERSONAL_FIELDS, PLAIN, SDL, connect, globalId, moment, page, who } from "./rows.mjs";

const [url, port] = process.argv.slice(2);
const pool = connect(url);

const isShown = rule("isShown", { cache: (row) => row.id })((row) => row.shown);
const columns = Object.entries({ ...PLAIN, ...PERSONAL_FIELDS });
const resolvers = {
  Query: {
    parcels: async (_, { accountId, first }, { agent }) => {
      const { rows, ...pageInfo } = await page(pool, agent, accountId, first);
      return { nodes: rows, pageInfo };
    },
  },
  Parcel: {
    ...Object.fromEntries(columns.map(([field, column]) => [field, (row) => row[column]])),
    id: (row) => globalId("Parcel", row.id),
    createdAt: (row) => moment(row.created_at),
    updatedAt: (row) => moment(row.updated_at),
  },
};
const rules = { Parcel: Object.fromEntries(Object.keys(PERSONAL_FIELDS).map((field) => [field, isShown])) };
const permissions = shield(rules, { fallbackError: () => null });

const yoga = createYoga({
  schema: applyMiddleware(createSchema({ typeDefs: SDL, resolvers }), permissions),
  context: async ({ request }) => ({ agent: await who(pool, request.headers.get("authorization")) }),
  healthCheckEndpoint: "/healthz",
  graphiql: false,
  logging: "error",
});
createServer(yoga).listen(Number(port), "127.0.0.1");
