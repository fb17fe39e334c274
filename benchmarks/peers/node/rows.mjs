// What does the database say? The statements of ../rows.py for the list, by pg alone, for the Node peers.
import { createHash, randomBytes } from "node:crypto";

import pg from "pg";

const OPEN = new Set(["SUBMITTED", "INVESTIGATING", "AWAITING_MERCHANT", "WITH_CARRIER"]);
const NOW = "statement_timestamp()";
const LISTED = "id, account_id, status, carrier, shipping_method, direction, collo_number, collo_count, weight_grams, created_at, updated_at";
const PERSONAL = ["order_number", "external_reference", "tracking_number", "tracking_url", "service_point", "note"]
  .map((name) => `d.${name}`)
  .join(", ");

const WHO = `
SELECT held.id AS held_id, users.id, users.kind, users.name, users.locale, users.account_id, users.role
FROM tokens AS held JOIN users ON users.id = held.user_id LEFT JOIN accounts ON accounts.id = users.account_id
WHERE held.token_hash = $1 AND held.ended_at IS NULL AND held.expires_at > ${NOW} AND users.deactivated_at IS NULL AND accounts.deleted_at IS NULL`;

const PAGE = `
SELECT p.*, ROW_NUMBER() OVER (ORDER BY p.created_at DESC, p.id DESC) AS place FROM (
    SELECT ${LISTED} FROM parcels p WHERE p.account_id = $1 AND p.deleted_at IS NULL ORDER BY p.created_at DESC, p.id DESC LIMIT $2) AS p`;

const FACTS = `
SELECT page.id AS parcel_id, ${NOW} AS now, c.id AS consent_id, c.expires_at AS consent_expires_at,
    (SELECT k.id FROM claims k WHERE k.parcel_id = page.id AND k.channel = 'SUPPORT_SECTION'
        AND k.status IN ('SUBMITTED', 'INVESTIGATING', 'AWAITING_MERCHANT', 'WITH_CARRIER') ORDER BY k.opened_at, k.id LIMIT 1) AS claim_id
FROM page LEFT JOIN LATERAL (SELECT * FROM consents c WHERE c.live_for = page.account_id AND c.expires_at > ${NOW} OFFSET 0) c ON TRUE`;

const DECIDED = `facts.now, facts.consent_id, facts.consent_expires_at, facts.claim_id,
    k.parcel_id AS claim_parcel_id, k.channel AS claim_channel, k.status AS claim_status`;

const AGENTS_PAGE = `
WITH page AS MATERIALIZED (${PAGE}), facts AS MATERIALIZED (${FACTS})
SELECT page.*, ${DECIDED}, ${PERSONAL}
FROM page JOIN facts ON facts.parcel_id = page.id
LEFT JOIN LATERAL (SELECT * FROM claims k WHERE k.id = facts.claim_id OFFSET 0) k ON TRUE
LEFT JOIN LATERAL (SELECT * FROM parcel_personal_data d WHERE d.parcel_id = page.id
    AND page.place <= $3 AND (facts.consent_id IS NOT NULL OR facts.claim_id IS NOT NULL) OFFSET 0) d ON TRUE
ORDER BY page.place`;

const GROUNDS = `
WITH page AS MATERIALIZED (SELECT id, account_id FROM parcels WHERE id = ANY($1::uuid[])), facts AS MATERIALIZED (${FACTS})
SELECT page.id, page.account_id, ${DECIDED}
FROM page JOIN facts ON facts.parcel_id = page.id
LEFT JOIN LATERAL (SELECT * FROM claims k WHERE k.id = facts.claim_id OFFSET 0) k ON TRUE`;

const LOCK = "UPDATE users SET deactivated_at = deactivated_at WHERE id = $1";
const write = (turn, inTurn) => `
WITH entry AS (SELECT * FROM ROWS FROM (jsonb_to_recordset(CAST($1 AS jsonb)) AS (
    id uuid, account_id uuid, parcel_id uuid, action text,
    changed jsonb, categories jsonb, fields jsonb, basis text, consent_id uuid, claim_id uuid)) WITH ORDINALITY
    AS t (id, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, position)),
account AS (SELECT DISTINCT account_id AS id FROM entry),
seen AS MATERIALIZED (
    SELECT DISTINCT l.parcel_id, l.account_id FROM account JOIN access_log l ON l.account_id = account.id
    WHERE l.agent_id = $2 AND l.at > (${NOW} - interval '1 hour') AND l.parcel_id IS NOT NULL AND l.action = 'VIEW_PERSONAL_DATA'
),
already AS (SELECT account_id AS of_account, COUNT(*) AS parcels FROM seen GROUP BY account_id),
placed AS (
    SELECT entry.*, parcel_id IS NOT NULL AND parcel_id NOT IN (SELECT parcel_id FROM seen) AS fresh,
        MIN(position) OVER (PARTITION BY parcel_id) AS place
    FROM entry
),
numbered AS (SELECT placed.*, DENSE_RANK() OVER (PARTITION BY account_id, fresh ORDER BY place) AS number FROM placed)${turn}
INSERT INTO access_log
    (id, at, agent_id, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, operation, request_id)
SELECT id, ${NOW}, $2, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, NULL, $3
FROM numbered LEFT JOIN already ON already.of_account = numbered.account_id
WHERE (NOT fresh OR number + COALESCE(parcels, 0) <= $4)${inTurn}
RETURNING id`;
const TURN = `,
beforehand AS MATERIALIZED (SELECT id, xmin FROM users WHERE id = $2),
turn AS (
    UPDATE users SET deactivated_at = deactivated_at FROM beforehand WHERE users.id = beforehand.id AND users.xmin = beforehand.xmin
    RETURNING users.id
)`;
const WRITE_AT_ONCE = write(TURN, " AND EXISTS (SELECT 1 FROM turn)");
const WRITE_LOCKED = write("", "");

const FIELDS = [
  "Parcel.externalReference",
  "Parcel.note",
  "Parcel.orderNumber",
  "Parcel.servicePoint",
  "Parcel.trackingNumber",
  "Parcel.trackingUrl",
];
const CATEGORIES = ["FREE_TEXT", "LOCATION", "ORDER", "TRACKING"];
const MOST_PARCELS_AN_HOUR = 100_000_000;

export const SDL = `
scalar DateTime
type Query { parcels(accountId: ID!, first: Int!): ParcelConnection! }
type ParcelConnection { nodes: [Parcel!]! pageInfo: PageInfo! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type Parcel {
  id: ID! status: String! carrier: String shippingMethod: String direction: String! weightGrams: Int
  colloNumber: Int! colloCount: Int! createdAt: DateTime! updatedAt: DateTime!
  orderNumber: String externalReference: String trackingNumber: String trackingUrl: String servicePoint: String note: String
}`;

export const PLAIN = {
  status: "status",
  carrier: "carrier",
  shippingMethod: "shipping_method",
  direction: "direction",
  weightGrams: "weight_grams",
  colloNumber: "collo_number",
  colloCount: "collo_count",
};
export const PERSONAL_FIELDS = {
  orderNumber: "order_number",
  externalReference: "external_reference",
  trackingNumber: "tracking_number",
  trackingUrl: "tracking_url",
  servicePoint: "service_point",
  note: "note",
};

// Instants stay PostgreSQL's own text, in UTC: a Date would lose the microseconds.
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => text);
export const moment = (text) => text.replace(" ", "T").replace("+00", "Z");
export const globalId = (type, key) => Buffer.from(`${type}:${key}`).toString("base64");
export const keyOf = (id) => Buffer.from(id, "base64").toString().split(":")[1];
export const cursor = (row) => {
  const [whole, fraction = ""] = row.created_at.replace("+00", "").split(".");
  const micros = BigInt(Date.parse(`${whole.replace(" ", "T")}Z`)) * 1000n + BigInt(fraction.padEnd(6, "0"));
  return Buffer.from(`Parcel|${micros}|${row.id.replaceAll("-", "")}`).toString("base64url");
};

export const connect = (url) => new pg.Pool({ connectionString: url, max: 10, options: "-c timezone=UTC" });

const hashOf = (authorization) => createHash("sha256").update(authorization.replace(/^Bearer /, "")).digest("hex");

/** Who holds this bearer token now. */
export async function who(pool, authorization) {
  const { rows } = await pool.query({ name: "who", text: WHO, values: [hashOf(authorization ?? "")] });
  if (rows.length === 0) throw new Error("not signed in");
  return rows[0];
}

/** A UUIDv7 (RFC 9562), as our own keys are. */
function newId() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The decision, from the facts in a row: on what ground it is shown; undefined when it is not. */
function basisOf(row) {
  if (row.consent_id !== null && row.now < row.consent_expires_at) return { basis: "CONSENT", consent_id: row.consent_id };
  if (row.claim_id !== null && row.claim_parcel_id === row.id && row.claim_channel === "SUPPORT_SECTION" && OPEN.has(row.claim_status))
    return { basis: "CLAIM", claim_id: row.claim_id };
  return undefined;
}

/** One transaction of the pool. */
async function transaction(pool, act) {
  const connection = await pool.connect();
  try {
    await connection.query("BEGIN");
    const found = await act(connection);
    await connection.query("COMMIT");
    return found;
  } catch (error) {
    await connection.query("ROLLBACK");
    throw error;
  } finally {
    connection.release();
  }
}

/** Commit what an agent is about to see; the keys of the parcels that were written. resolvers/ledger.py says how the agent's other answers wait. */
async function record(pool, agent, shown) {
  const entries = shown.map(({ account_id, parcel_id, ...basis }) => ({
    id: newId(), account_id, parcel_id, action: "VIEW_PERSONAL_DATA", changed: [], categories: CATEGORIES, fields: FIELDS, ...basis,
  }));
  const values = [JSON.stringify(entries), agent.id, newId(), MOST_PARCELS_AN_HOUR];
  let { rows } = await pool.query({ name: "write", text: WRITE_AT_ONCE, values });
  if (rows.length === 0)
    ({ rows } = await transaction(pool, async (connection) => {
      await connection.query({ name: "lock", text: LOCK, values: [agent.id] });
      return connection.query({ name: "write locked", text: WRITE_LOCKED, values });
    }));
  const written = new Set(rows.map(({ id }) => id));
  return new Set(entries.filter(({ id }) => written.has(id)).map(({ parcel_id }) => parcel_id));
}

/** The same of parcels whose grounds are not at hand: looked up in a statement before. */
export async function recordGrounds(pool, agent, parcelIds) {
  const { rows } = await pool.query({ name: "grounds", text: GROUNDS, values: [parcelIds] });
  const shown = rows.map((row) => ({ account_id: row.account_id, parcel_id: row.id, ...basisOf(row) }));
  const written = await record(pool, agent, shown);
  if (written.size < parcelIds.length) throw new Error("not recorded");
}

/** A page of an account's parcels for an agent, each with `shown`: decided and written down. */
export async function page(pool, agent, accountId, first) {
  if (agent.kind !== "AGENT") throw new Error("for agents only");
  const { rows } = await pool.query({ name: "page", text: AGENTS_PAGE, values: [keyOf(accountId), first + 1, first] });
  const kept = rows.slice(0, first);
  const grounds = kept.flatMap((row) => {
    const basis = basisOf(row);
    return basis ? [{ account_id: row.account_id, parcel_id: row.id, ...basis }] : [];
  });
  const written = grounds.length > 0 ? await record(pool, agent, grounds) : new Set();
  for (const row of kept) row.shown = written.has(row.id);
  return { rows: kept, hasNextPage: rows.length > first, endCursor: kept.length > 0 ? cursor(kept.at(-1)) : null };
}
