// How fast is compiled JavaScript? graphql-yoga with @envelop/graphql-jit, and the personal fields masked by hand in the resolver of the page.
//
//     node yoga_jit.mjs postgres://… PORT
import { createServer } from "node:http";

import { useGraphQlJit } from "@envelop/graphql-jit";
import { createSchema, createYoga } from "graphql-yoga";

import { PERSONAL_FIELDS, PLAIN, SDL, connect, globalId, moment, page, who } from "./rows.mjs";

const [url, port] = process.argv.slice(2);
const pool = connect(url);

const plain = Object.entries(PLAIN);
const personal = Object.entries(PERSONAL_FIELDS);

function masked(row) {
  const node = { id: globalId("Parcel", row.id), createdAt: moment(row.created_at), updatedAt: moment(row.updated_at) };
  for (const [field, column] of plain) node[field] = row[column];
  for (const [field, column] of personal) node[field] = row.shown ? row[column] : null;
  return node;
}

const resolvers = {
  Query: {
    parcels: async (_, { accountId, first }, { agent }) => {
      const { rows, ...pageInfo } = await page(pool, agent, accountId, first);
      return { nodes: rows.map(masked), pageInfo };
    },
  },
};

const yoga = createYoga({
  schema: createSchema({ typeDefs: SDL, resolvers }),
  plugins: [useGraphQlJit()],
  context: async ({ request }) => ({ agent: await who(pool, request.headers.get("authorization")) }),
  healthCheckEndpoint: "/healthz",
  graphiql: false,
  logging: "error",
});
createServer(yoga).listen(Number(port), "127.0.0.1");
