import { ApiError, createStyle, findStyleCode, getModel, getStyle, isTerminal, keepStyleCode, LIMITS, openCodeJob, requireEncoder, sha256Hex, type Caller, type Id, type JobRow, type Style, type StyleCodeInfo } from "@deadiff/schemas";
import { decodeStyleCode, DeadiffError, type StyleCode } from "@deadiff/core";
import type { Context } from "../context.ts";
import { outputSigner } from "../sign.ts";
import { createCodeJob } from "./create-jobs.ts";
import { awaitEnd } from "./follow.ts";

/** The code of a style for the model that is served: as it is kept, or a job that computes it. */
export const codeOfStyle = async (ctx: Context, caller: Caller, id: Id<"style">, waitS: number): Promise<StyleCodeInfo> => {
  const style = await getStyle(ctx.db, caller.accountId, id, outputSigner(ctx.services.store));
  const { encoder } = await getModel(ctx.db);
  const owner = { style: style.id, version: style.version };
  const about = { object: "style_code", style: style.id, style_version: style.version, encoder } as const;
  const ready = async (): Promise<StyleCodeInfo | undefined> => {
    const code = await findStyleCode(ctx.db, owner, encoder);
    return code && { ...about, state: "ready", job: null, id: code.id, bytes: code.bytes, sha256: code.sha256, text: code.data, error: null };
  };
  const kept = await ready();
  if (kept !== undefined) return kept;
  const queued = (await openCodeJob(ctx.db, caller.accountId, owner)) ?? onlyJob((await createCodeJob(ctx, caller, style)).jobs);
  const job = await awaitEnd(ctx, queued, waitS);
  const computed = isTerminal(job.state) ? await ready() : undefined;
  if (computed !== undefined) return computed;
  const nothing = { id: null, bytes: null, sha256: null, text: null };
  if (!isTerminal(job.state)) {
    ctx.reply.status = 202;
    ctx.reply.headers["retry-after"] = "1";
    return { ...about, ...nothing, state: "computing", job: job.id, error: null };
  }
  return { ...about, ...nothing, state: "failed", job: job.id, error: job.error?.message ?? `The job that computes the code ended as ${job.state}.` };
};

const onlyJob = (jobs: readonly JobRow[]): JobRow => {
  const [job] = jobs;
  if (job === undefined) throw new Error("codeOfStyle: the create made no job");
  return job;
};

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => {
  const refused = (cause?: unknown) => new ApiError("invalid_input", "`code` is not the base64 text of a style code.", { cause, issues: [{ path: "code", message: "not base64" }] });
  try {
    return Uint8Array.from(atob(text.replaceAll(/\s/g, "")), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw refused(cause);
  }
};

const read = async (bytes: Uint8Array): Promise<StyleCode> => {
  if (bytes.byteLength > LIMITS.styleCodeBytes) throw new ApiError("too_large", `A style code has at most ${LIMITS.styleCodeBytes} bytes.`);
  try {
    return await decodeStyleCode(bytes);
  } catch (cause) {
    const message = cause instanceof DeadiffError ? cause.message : "it cannot be read";
    throw new ApiError("invalid_input", `This is not a style code: ${message}`.slice(0, 500), { cause, issues: [{ path: "code", message: "not a style code" }] });
  }
};

/** Keeps a copied code as a style of its own. Throws `invalid_input` for what is no code, or one of an encoder that no served model has. */
export const importStyle = async (ctx: Context, caller: Caller, input: { code: string; name: string; description: string; tags: string[] }): Promise<Style> => {
  const { code: text, ...naming } = input;
  const bytes = bytesOf(text);
  const code = await read(bytes);
  await requireEncoder(ctx.db, code.encoder, "code");
  const data = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const sha256 = sha256Hex(bytes);
  const mode = code.tokens.style === undefined ? "content" : "style";
  return ctx.db.transaction(async (tx) => {
    const id = await keepStyleCode(tx, caller.accountId, null, { encoder: code.encoder, sha256, bytes: bytes.byteLength, data });
    return createStyle(tx, caller.accountId, { ...naming, references: [{ code: id, weight: 1, mode }] }, outputSigner(ctx.services.store));
  });
};
