import { readEnv } from "@/env";

export const dynamic = "force-dynamic";

/** The API's own description, its address filled in. */
export const GET = async (): Promise<Response> => {
  const { API_URL, API_PUBLIC_URL } = readEnv();
  try {
    const answer = await fetch(new URL("/v1/openapi.json", API_URL), { cache: "no-store" });
    if (!answer.ok) return new Response(null, { status: 502 });
    const document = (await answer.json()) as Readonly<Record<string, unknown>>;
    const base = (API_PUBLIC_URL ?? API_URL).replace(/\/+$/, "");
    return Response.json({ ...document, servers: [{ url: `${base}/v1` }] }, { headers: { "cache-control": "private, max-age=60" } });
  } catch {
    return new Response(null, { status: 503 });
  }
};
