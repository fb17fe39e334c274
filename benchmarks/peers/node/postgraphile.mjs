// How fast is a schema made from the database? PostGraphile 5 (Amber) over a view that masks what is not admitted.
//
//     node postgraphile.mjs postgres://… PORT
//
// The view decides once a row, of a page only. What an answer shows is written down before it leaves, in a middleware around the execution: the
// document can't carry the ground of each row, so it is looked up again.
import { createServer } from "node:http";

import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

import { connect, keyOf, recordGrounds, who } from "./rows.mjs";

const [url, port] = process.argv.slice(2);
const pool = connect(url);

const VIEW = `
CREATE SCHEMA IF NOT EXISTS masked;
CREATE OR REPLACE VIEW masked.parcels AS
SELECT p.id AS key, encode(convert_to('Parcel:' || p.id, 'UTF8'), 'base64') AS global_id, p.account_id, p.status, p.carrier, p.shipping_method,
    p.direction, p.weight_grams, p.collo_number, p.collo_count, p.created_at, p.updated_at,
    d.order_number, d.external_reference, d.tracking_number, d.tracking_url, d.service_point, d.note
FROM public.parcels p
CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM public.consents c WHERE c.live_for = p.account_id AND c.expires_at > statement_timestamp())
    OR EXISTS (SELECT 1 FROM public.claims k WHERE k.parcel_id = p.id AND k.channel = 'SUPPORT_SECTION'
        AND k.status IN ('SUBMITTED', 'INVESTIGATING', 'AWAITING_MERCHANT', 'WITH_CARRIER')) AS admitted OFFSET 0) AS decided
LEFT JOIN public.parcel_personal_data d ON d.parcel_id = p.id AND decided.admitted
WHERE p.deleted_at IS NULL;
COMMENT ON VIEW masked.parcels IS '@primaryKey key';`;
await pool.query(VIEW);

const PERSONAL = ["orderNumber", "externalReference", "trackingNumber", "trackingUrl", "servicePoint", "note"];
const isShown = (node) => PERSONAL.some((field) => node[field] !== null);

const Recorded = {
  name: "Recorded",
  version: "1.0.0",
  grafast: {
    middleware: {
      async execute(next, { args }) {
        const result = await next();
        const shown = (result.data?.parcels?.nodes ?? []).filter(isShown).map((node) => keyOf(node.id));
        if (shown.length > 0) await recordGrounds(pool, args.contextValue.agent, shown);
        return result;
      },
    },
  },
};

const pgl = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [Recorded],
  pgServices: [makePgService({ pool, schemas: ["masked"] })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  grafast: { context: async ({ node }) => ({ agent: await who(pool, node.req.headers.authorization) }), explain: false },
});
const serv = pgl.createServ(grafserv);
await serv.ready();
const handle = serv.createHandler();
createServer((request, response) => {
  if (request.url !== "/healthz") return handle(request, response);
  response.end("ok");
}).listen(Number(port), "127.0.0.1");
