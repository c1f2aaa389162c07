import { sql, type SQL } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { Id } from "../ids.ts";
import type { JobResult, StoredRequest } from "../job/contract.ts";
import { msBetween, type SignUrl } from "../job/present.ts";
import { readCursor, toPage, type Page } from "../page.ts";
import type { Reference, ReferenceMode, StoredReference } from "../style/contract.ts";
import { membersOf } from "../style/resolve.ts";
import type { Picture, PictureDetail, SharedPicture } from "./contract.ts";

/** A row of `pictures`, as `to_jsonb` writes it, with what its job knows. */
interface PictureRow extends Record<string, unknown> {
  picture: {
    id: Id<"picture">;
    job_id: Id<"job">;
    place: number;
    prompt: string;
    modes: ReferenceMode[];
    style_id: Id<"style"> | null;
    seed: number;
    favourite: boolean;
    share_token: string | null;
    shared_at: string | null;
    created_at: string;
  };
  result: JobResult;
  matrix_id: Id<"matrix"> | null;
  cell: number | null;
  expires_at: string | null;
}

const columns = sql`to_jsonb(p) as picture, j.result, j.matrix_id, j.cell, to_jsonb(j.expires_at) #>> '{}' as expires_at`;
const visible = sql`from pictures p join jobs j on j.id = p.job_id where p.deleted_at is null and j.deleted_at is null`;
const iso = (moment: string): string => new Date(moment).toISOString();

const imageOf = ({ picture, result }: PictureRow): JobResult["images"][number] => {
  const image = result.images[picture.place];
  if (image === undefined) throw new Error(`picture ${picture.id}: its job made ${result.images.length} pictures`);
  return image;
};

const present = async (row: PictureRow, sign: SignUrl): Promise<Picture> => {
  const { picture, result, matrix_id, cell, expires_at } = row;
  const { key, ...image } = imageOf(row);
  const signed = await sign(key);
  return {
    id: picture.id,
    object: "picture",
    job: picture.job_id,
    place: picture.place,
    url: signed.url,
    url_expires_at: signed.expiresAt,
    ...image,
    prompt: picture.prompt,
    modes: picture.modes,
    style: picture.style_id,
    model: result.model,
    seed: picture.seed,
    matrix: matrix_id === null || cell === null ? null : { id: matrix_id, cell },
    favourite: picture.favourite,
    share: picture.share_token === null || picture.shared_at === null ? null : { token: picture.share_token, shared_at: iso(picture.shared_at) },
    created_at: iso(picture.created_at),
    expires_at: expires_at === null ? null : iso(expires_at),
  };
};

/** Which pictures a list shows. */
export interface PictureFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** Words that the prompt holds, in any order. */
  readonly search?: string | undefined;
  readonly style?: Id<"style"> | undefined;
  readonly mode?: ReferenceMode | "none" | undefined;
  readonly favourite?: boolean | undefined;
  readonly shared?: boolean | undefined;
  readonly job?: Id<"job"> | undefined;
  readonly matrix?: Id<"matrix"> | undefined;
  /** Of the file, in lower-case hexadecimal. */
  readonly sha256?: string | undefined;
}

const wordsOf = (search: string): string[] => search.toLowerCase().split(/\s+/).filter((word) => word !== "").slice(0, 10);

/** The account's pictures, newest first. */
export const listPictures = async (db: Db, accountId: Id<"account">, filter: PictureFilter, sign: SignUrl): Promise<Page<Picture>> => {
  const from = readCursor(filter.cursor);
  const conditions: SQL[] = [
    sql`p.account_id = ${accountId}`,
    ...(from === null ? [] : [sql`(p.created_at, p.id) < (${from.at}::timestamptz, ${from.id})`]),
    ...wordsOf(filter.search ?? "").map((word) => sql`position(${word} in lower(p.prompt)) > 0`),
    ...(filter.style === undefined ? [] : [sql`p.style_id = ${filter.style}`]),
    ...(filter.mode === undefined ? [] : [filter.mode === "none" ? sql`p.modes = '[]'` : sql`p.modes @> to_jsonb(${filter.mode}::text)`]),
    ...(filter.favourite === undefined ? [] : [sql`p.favourite = ${filter.favourite}`]),
    ...(filter.shared === undefined ? [] : [sql`(p.share_token is not null) = ${filter.shared}`]),
    ...(filter.job === undefined ? [] : [sql`p.job_id = ${filter.job}`]),
    ...(filter.matrix === undefined ? [] : [sql`j.matrix_id = ${filter.matrix}`]),
    ...(filter.sha256 === undefined ? [] : [sql`p.sha256 = ${filter.sha256}`]),
  ];
  const found = await rows<PictureRow>(db, sql`select ${columns} ${visible} and ${sql.join(conditions, sql` and `)} order by p.created_at desc, p.id desc limit ${filter.limit + 1}`);
  const page = toPage(found, filter.limit, ({ picture }) => ({ at: picture.created_at, id: picture.id }), (row) => row);
  return { ...page, data: await Promise.all(page.data.map((row) => present(row, sign))) };
};

interface Known {
  readonly uploads: ReadonlyMap<string, string>;
  readonly styles: ReadonlyMap<string, { name: string; version: number }>;
}

/** What references name that is still there: uploads' object keys, styles' names and versions. */
const known = async (db: Db, references: readonly StoredReference[]): Promise<Known> => {
  const images = membersOf(references).flatMap((member) => ("image" in member ? [member.image] : []));
  const styles = references.flatMap((reference) => ("styles" in reference ? reference.styles.map(({ id }) => id) : []));
  const uploads = images.length === 0 ? [] : await rows<{ id: string; key: string }>(db, sql`select id, object_key as key from uploads where id in (select jsonb_array_elements_text(${JSON.stringify(images)}::jsonb)) and deleted_at is null`);
  const named = styles.length === 0 ? [] : await rows<{ id: string; name: string; version: number }>(db, sql`select id, name, version from styles where id in (select jsonb_array_elements_text(${JSON.stringify(styles)}::jsonb)) and deleted_at is null`);
  return { uploads: new Map(uploads.map(({ id, key }) => [id, key])), styles: new Map(named.map(({ id, ...style }) => [id, style])) };
};

/** A stored reference as a create takes it: a saved style by its id while it is as it was, else what it was made of. */
const again = (reference: StoredReference, { styles }: Known): Reference[] => {
  if (!("members" in reference)) return [reference];
  const { weight, mode, members } = reference;
  const same = reference.styles.every(({ id, version }) => styles.get(id)?.version === version);
  const shares = reference.styles.map(({ id, weight: share }) => ({ style: id as Id<"style">, weight: share }));
  const [only] = shares;
  if (same && only !== undefined) return [shares.length === 1 ? { style: only.style, weight, mode } : { blend: shares, weight, mode }];
  return members.map((member) => ({ ...member, weight: Math.min(4, member.weight * weight) }));
};

/** A job's input as `jobs.create` takes it. */
const inputOf = (request: StoredRequest, there: Known): PictureDetail["input"] => {
  const input = { ...request, references: request.references.flatMap((reference) => again(reference, there)) };
  return Object.fromEntries(Object.entries(input).filter(([name]) => name !== "style"));
};

/** The account's picture with everything that made it. Throws `not_found`. */
export const getPicture = async (db: Db, accountId: Id<"account">, id: Id<"picture">, sign: SignUrl): Promise<PictureDetail> => {
  const [row] = await rows<PictureRow & { request: StoredRequest; metadata: Record<string, string>; created_at: string; started_at: string | null; finished_at: string | null }>(
    db,
    sql`select ${columns}, j.request, j.metadata, to_jsonb(j.created_at) #>> '{}' as created_at, to_jsonb(j.started_at) #>> '{}' as started_at, to_jsonb(j.finished_at) #>> '{}' as finished_at
      ${visible} and p.account_id = ${accountId} and p.id = ${id}`,
  );
  if (row === undefined) throw new ApiError("not_found", `There is no picture ${id} in this account.`);
  const there = await known(db, row.request.references);
  const pictureOf = async (member: StoredReference): Promise<PictureDetail["references"][number]["pictures"][number]> => {
    if ("url" in member) return { image: null, url: member.url };
    const key = "image" in member ? there.uploads.get(member.image) : undefined;
    return { image: "image" in member ? member.image : null, url: key === undefined ? null : (await sign(key)).url };
  };
  const references = row.request.references.flatMap((stored) =>
    again(stored, there).map(async (reference) => ({
      reference,
      name: "style" in reference ? (there.styles.get(reference.style)?.name ?? null) : null,
      pictures: await Promise.all(("style" in reference || "blend" in reference ? membersOf([stored]) : [reference as StoredReference]).map(pictureOf)),
    })),
  );
  return {
    ...(await present(row, sign)),
    input: inputOf(row.request, there),
    references: await Promise.all(references),
    parameters: row.result.parameters,
    timings: row.result.timings,
    metrics: { queue_ms: msBetween(row.created_at, row.started_at), run_ms: msBetween(row.started_at, row.finished_at) },
    metadata: row.metadata,
  };
};

/** The picture that a share link shows. Throws `not_found`, the same for a token that never was and one that was revoked. */
export const getSharedPicture = async (db: Db, token: string, sign: SignUrl): Promise<SharedPicture> => {
  const [row] = await rows<PictureRow>(db, sql`select ${columns} ${visible} and p.share_token = ${token}`);
  if (row === undefined) throw new ApiError("not_found", "This link shows nothing: it was revoked, or its picture was deleted.");
  // References are the owner's own pictures: not even their hashes are told.
  const parameters = Object.fromEntries(Object.entries(row.result.parameters).filter(([name]) => name !== "references"));
  const { url, url_expires_at, width, height, content_type, prompt, modes, model, seed, created_at } = await present(row, sign);
  return { object: "shared_picture", url, url_expires_at, width, height, content_type, prompt, modes, model, seed, parameters, created_at };
};
