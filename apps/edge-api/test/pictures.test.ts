import { completeUpload, createUpload, jobsToPurge, markPurged, type ArenaPair, type ArenaRanking, type ArenaVerdict, type Id, type Job, type Matrix, type Picture, type PictureDetail, type SharedPicture, type Style } from "@deadiff/schemas";
import { checkInvariants } from "@deadiff/schemas/invariants";
import { sql } from "drizzle-orm";
import { afterAll, expect, test } from "vitest";
import { finish, newJob, tenant, useWorld, type Tenant } from "./world.ts";

const world = useWorld();
afterAll(async () => expect(await checkInvariants(world.db)).toEqual([]));

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- each test says which answer it expects
const ask = async <T>({ key }: Pick<Tenant, "key">, method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> => {
  const response = await world.call(method, path, { ...(key === "" ? {} : { key }), ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: (await response.json()) as T };
};
const nobody = { key: "" };
const upload = async ({ accountId }: Tenant): Promise<Id<"upload">> => {
  const { id } = await createUpload(world.db, accountId, { content_type: "image/png", bytes: 10, sha256: "0".repeat(64) });
  await completeUpload(world.db, accountId, id, { state: "ready", width: 8, height: 8 });
  return id;
};
const made = async (owner: Tenant, input: Record<string, unknown>, count = 1, parameters?: Record<string, unknown>): Promise<Job> => {
  const job = await newJob(world, owner.key, { input: { ...input, count } });
  await finish(world, job.id, count, parameters);
  return (await ask<Job>(owner, "GET", `/v1/jobs/${job.id}`)).body;
};
const list = async (owner: Tenant, query = ""): Promise<Id<"picture">[]> => (await ask<{ data: Picture[] }>(owner, "GET", `/v1/pictures?${query}`)).body.data.map(({ id }) => id);

test("every picture of an ended job is in the gallery, newest job first, in its job's order, a page at a time", async () => {
  const owner = await tenant(world.db);
  const jobs = [await made(owner, { prompt: "a red fox", seed: 5 }, 3), await made(owner, { prompt: "a blue dog" }, 2)];
  const open = await newJob(world, owner.key);
  const ids = jobs.toReversed().flatMap(({ outputs }) => outputs.map(({ picture }) => picture));
  expect(await list(owner)).toEqual(ids);
  const paged: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: { data: Picture[]; next_cursor: string | null } = (await ask<{ data: Picture[]; next_cursor: string | null }>(owner, "GET", `/v1/pictures?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`)).body;
    paged.push(...page.data.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  expect(paged).toEqual(ids);
  const { body } = await ask<{ data: Picture[] }>(owner, "GET", `/v1/pictures?job=${jobs[0]!.id}`);
  expect(body.data.map(({ seed, place }) => [seed, place])).toEqual([[5, 0], [6, 1], [7, 2]]);
  expect(await (await fetch(body.data[1]!.url)).text()).toBe("picture 1");
  expect(await list(owner, `job=${open.id}`)).toEqual([]);
  expect(await list(await tenant(world.db))).toEqual([]);
});

test("pictures are found by words in any order, by style, mode and mark", async () => {
  const owner = await tenant(world.db);
  const image = await upload(owner);
  const style = (await ask<Style>(owner, "POST", "/v1/styles", { name: "ink", references: [{ image }] })).body;
  const [fox] = (await made(owner, { prompt: "A red FOX", references: [{ image, mode: "content" }] })).outputs;
  const [dog] = (await made(owner, { prompt: "a red dog", style: style.id })).outputs;
  const [bare] = (await made(owner, { prompt: "nothing" })).outputs;
  expect(await list(owner, "search=fox%20red")).toEqual([fox!.picture]);
  expect(await list(owner, "search=red")).toEqual([dog!.picture, fox!.picture]);
  expect(await list(owner, `style=${style.id}`)).toEqual([dog!.picture]);
  expect(await list(owner, "mode=content")).toEqual([fox!.picture]);
  expect(await list(owner, "mode=style")).toEqual([dog!.picture]);
  expect(await list(owner, "mode=none")).toEqual([bare!.picture]);
  expect((await ask<PictureDetail>(owner, "POST", `/v1/pictures/${dog!.picture}/favourite`, {})).body.favourite).toBe(true);
  expect(await list(owner, "favourite=true")).toEqual([dog!.picture]);
  await ask(owner, "POST", `/v1/pictures/${dog!.picture}/favourite`, { favourite: false });
  expect(await list(owner, "favourite=true")).toEqual([]);
  const [, second] = (await made(owner, { prompt: "two" }, 2)).outputs;
  expect(second!.sha256).not.toBe(fox!.sha256);
  expect(await list(owner, `sha256=${second!.sha256}`)).toEqual([second!.picture]);
  expect(await list(await tenant(world.db), `sha256=${second!.sha256}`)).toEqual([]);
  expect((await ask(owner, "GET", "/v1/pictures?sha256=fox")).status).toBe(422);
});

test("a picture's input makes the same job again, also when its style has changed since", async () => {
  const owner = await tenant(world.db);
  const [image, other] = [await upload(owner), await upload(owner)];
  const style = (await ask<Style>(owner, "POST", "/v1/styles", { name: "ink", references: [{ image, weight: 2 }] })).body;
  const input = { references: [{ style: style.id, weight: 0.5, mode: "both" }, { image: other, weight: 1, mode: "content", fit: "crop" }], prompt: "a fox", negative_prompt: "grey", strength: 0.7, steps: 12, sampler: "heun", guidance: 3, gains: "fine", seed: 11, width: 64, height: 64 };
  const [output] = (await made(owner, input, 2, { sampler: "heun", references: [{ sha256: "x" }] })).outputs;
  const read = async () => (await ask<PictureDetail>(owner, "GET", `/v1/pictures/${output!.picture}`)).body;
  const detail = await read();
  expect(detail.input).toEqual({ ...input, count: 2 });
  expect(detail).toMatchObject({ parameters: { sampler: "heun" }, timings: { total_ms: 5 }, references: [{ name: "ink", pictures: [{ image }] }, { name: null, pictures: [{ image: other }] }] });
  for (const { pictures } of detail.references) expect(pictures[0]?.url).toMatch(/^http/);
  const again = await newJob(world, owner.key, { input: detail.input });
  expect((await ask<Job>(owner, "GET", `/v1/jobs/${again.id}`)).body.input).toEqual((await ask<Job>(owner, "GET", `/v1/jobs/${detail.job}`)).body.input);
  await ask(owner, "PATCH", `/v1/styles/${style.id}`, { references: [{ image: other }] });
  await ask(owner, "DELETE", `/v1/uploads/${other}`);
  const changed = await read();
  expect(changed.input["references"]).toEqual([{ image, weight: 0.5, mode: "style", fit: "stretch" }, input.references[1]]);
  expect(changed.references[1]).toMatchObject({ pictures: [{ image: other, url: null }] });
});

test("a share link shows one picture and nothing of its account, until it is revoked or the picture is gone", async () => {
  const owner = await tenant(world.db);
  const [first, second] = (await made(owner, { prompt: "shared", references: [{ image: await upload(owner) }] }, 2, { steps: 20, references: [{ sha256: "x" }] })).outputs;
  const share = async (id: string) => (await ask<PictureDetail>(owner, "POST", `/v1/pictures/${id}/share`)).body.share!.token;
  const token = await share(first!.picture);
  expect(await share(first!.picture)).toBe(token);
  const shown = await ask<SharedPicture>(nobody, "GET", `/v1/shared/${token}`);
  expect(shown).toMatchObject({ status: 200, body: { prompt: "shared", parameters: { steps: 20 } } });
  expect(Object.keys(shown.body).sort()).toEqual(["content_type", "created_at", "height", "model", "modes", "object", "parameters", "prompt", "seed", "url", "url_expires_at", "width"]);
  expect(JSON.stringify(shown.body.parameters)).not.toContain("sha256");
  expect(await (await fetch(shown.body.url)).text()).toBe("picture 0");
  expect(await list(owner, "shared=true")).toEqual([first!.picture]);
  await ask(owner, "POST", `/v1/pictures/${first!.picture}/unshare`);
  const gone = await ask<{ detail: string }>(nobody, "GET", `/v1/shared/${token}`);
  const never = await ask<{ detail: string }>(nobody, "GET", `/v1/shared/${"A".repeat(32)}`);
  expect([gone.status, gone.body.detail]).toEqual([404, never.body.detail]);
  const fresh = await share(first!.picture);
  expect(fresh).not.toBe(token);
  const other = await share(second!.picture);
  await ask(owner, "DELETE", `/v1/pictures/${second!.picture}`);
  expect((await ask(nobody, "GET", `/v1/shared/${other}`)).status).toBe(404);
  expect((await ask(nobody, "GET", `/v1/shared/${fresh}`)).status).toBe(200);
  expect((await ask(nobody, "GET", "/v1/shared/..%2F..%2Fetc")).status).toBe(422);
});

test("a deleted picture is gone from gallery, job and store; the others of its job stay, and a purged or deleted job takes all with it", async () => {
  const owner = await tenant(world.db);
  const job = await made(owner, { prompt: "x" }, 3);
  const [, second] = job.outputs;
  expect((await ask(owner, "DELETE", `/v1/pictures/${second!.picture}`)).status).toBe(200);
  expect((await ask(owner, "DELETE", `/v1/pictures/${second!.picture}`)).status).toBe(404);
  expect((await fetch(second!.url!)).status).toBe(404);
  const outputs = async () => (await ask<Job>(owner, "GET", `/v1/jobs/${job.id}`)).body.outputs.map(({ url }) => url !== null);
  expect(await outputs()).toEqual([true, false, true]);
  const events = (await ask<{ data: { data: Job }[] }>(owner, "GET", "/v1/events")).body.data;
  expect(events.at(-1)!.data.outputs.map(({ url }) => url !== null)).toEqual([true, false, true]);
  expect(await list(owner)).toHaveLength(2);
  await world.db.execute(sql`update jobs set expires_at = now() - interval '1 minute' where id = ${job.id}`);
  expect((await jobsToPurge(world.db)).map(({ id }) => id)).toContain(job.id);
  await markPurged(world.db, job.id);
  expect(await list(owner)).toEqual([]);
  const other = await made(owner, { prompt: "y" });
  await ask(owner, "DELETE", `/v1/jobs/${other.id}`);
  expect(await list(owner)).toEqual([]);
});

test("a job made with null retention keeps its pictures until they are deleted", async () => {
  const owner = await tenant(world.db);
  const job = await newJob(world, owner.key, { input: { prompt: "x" }, retention_s: null });
  await finish(world, job.id);
  expect((await ask<{ data: Picture[] }>(owner, "GET", "/v1/pictures")).body.data[0]!.expires_at).toBeNull();
  expect((await ask<Picture>(owner, "GET", `/v1/pictures/${(await made(owner, { prompt: "y" })).outputs[0]!.picture}`)).body.expires_at).not.toBeNull();
});

test("the arena pairs pictures that differ in how they were made alone, hides how, counts each pair once, and ranks", async () => {
  const owner = await tenant(world.db);
  expect((await ask(owner, "GET", "/v1/arena/next")).status).toBe(404);
  const image = await upload(owner);
  const matrix = (await ask<Matrix>(owner, "POST", "/v1/matrices", { references: [[{ image }]], prompts: ["a fox", "a dog"], strengths: [0.5, 1] })).body;
  for (const cell of matrix.cells) await finish(world, cell.id);
  expect(await list(owner, `matrix=${matrix.id}`)).toHaveLength(4);
  const strengthOf = new Map<string, number>();
  for (const id of await list(owner)) strengthOf.set(id, (await ask<PictureDetail>(owner, "GET", `/v1/pictures/${id}`)).body.input["strength"] as number);
  const prompts = new Set<string>();
  for (let i = 0; i < 2; i++) {
    const pair = (await ask<ArenaPair>(owner, "GET", "/v1/arena/next")).body;
    expect(Object.keys(pair.left).sort()).toEqual(["height", "picture", "url", "width"]);
    expect(pair.references).toHaveLength(1);
    prompts.add(pair.prompt);
    const winner = strengthOf.get(pair.left.picture) === 1 ? "left" : "right";
    const verdict = (await ask<ArenaVerdict>(owner, "POST", "/v1/arena/votes", { left: pair.left.picture, right: pair.right.picture, winner })).body;
    expect([verdict.left["strength"], verdict.right["strength"]]).toEqual([pair.left, pair.right].map(({ picture }) => strengthOf.get(picture)));
    await ask(owner, "POST", "/v1/arena/votes", { left: pair.right.picture, right: pair.left.picture, winner: winner === "left" ? "right" : "left" });
  }
  expect(prompts.size).toBe(2);
  expect((await ask(owner, "GET", "/v1/arena/next")).status).toBe(404);
  const { body } = await ask<ArenaRanking>(owner, "GET", "/v1/arena/ranking");
  expect(body.votes).toBe(2);
  expect(body.ranking.map(({ setting, wins, comparisons }) => [setting["strength"], wins, comparisons])).toEqual([[1, 2, 2], [0.5, 0, 2]]);
  const [best, worst] = body.ranking;
  expect(best!.rating + worst!.rating).toBeCloseTo(2000, 0);
  for (const { low, rating, high } of body.ranking) expect(low < rating && rating < high).toBe(true);
  const [fox, dog] = await list(owner, "search=fox").then(async (foxes) => [foxes[0]!, (await list(owner, "search=dog"))[0]!]);
  expect((await ask(owner, "POST", "/v1/arena/votes", { left: fox, right: dog, winner: "tie" })).status).toBe(422);
  expect((await ask(await tenant(world.db), "POST", "/v1/arena/votes", { left: fox, right: dog, winner: "tie" })).status).toBe(404);
});
