import { readEnv } from "@/env";

/** Fields that speak of one connection, and those the two servers set themselves. */
const HOP_BY_HOP = ["connection", "keep-alive", "transfer-encoding", "content-length", "host", "accept-encoding"];

const API_AWAY = { code: "overloaded", status: 503, title: "The service cannot take this request at the moment.", detail: "The API does not answer.", retryable: true };

/** Hands a request on to the API as it is, on the browser's own origin: cookies stay first-party, and no CORS is involved. */
export const proxy = async (request: Request): Promise<Response> => {
  const { API_URL } = readEnv();
  const from = new URL(request.url);
  const headers = new Headers(request.headers);
  for (const name of HOP_BY_HOP) headers.delete(name);
  headers.set("x-forwarded-host", request.headers.get("host") ?? from.host);
  headers.set("x-forwarded-proto", from.protocol.slice(0, -1));
  try {
    const answer = await fetch(new URL(from.pathname + from.search, API_URL), {
      method: request.method,
      headers,
      body: request.method === "GET" || request.method === "HEAD" ? null : await request.arrayBuffer(),
      redirect: "manual",
      // Event streams end when the reader goes.
      signal: request.signal,
      cache: "no-store",
    });
    const passed = new Headers(answer.headers);
    // fetch has unpacked the body already.
    for (const name of ["content-encoding", "content-length", "transfer-encoding", "connection"]) passed.delete(name);
    return new Response(answer.body, { status: answer.status, headers: passed });
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: 499 });
    return Response.json({ error: { message: API_AWAY.detail, code: -32603, data: { code: "SERVICE_UNAVAILABLE", httpStatus: 503, problem: { ...API_AWAY, cause: String(error) } } } }, { status: 503 });
  }
};
