// The client in a worker: `POST /make` turns the picture it is sent into a new one, `POST /hook` receives webhooks.
import { createClient } from "@deadiff/client";
import { makeAPicture } from "./make-a-picture.ts";
import { receive } from "./receive-webhooks.ts";

interface Settings {
  readonly API_URL: string;
  readonly API_KEY: string;
  readonly WEBHOOK_SECRET: string;
}

export default {
  fetch: async (request: Request, settings: Settings): Promise<Response> => {
    if (new URL(request.url).pathname === "/hook") return receive(request, [settings.WEBHOOK_SECRET], () => Promise.resolve());
    const client = createClient({ apiKey: settings.API_KEY, baseUrl: settings.API_URL });
    const steps: string[] = [];
    const job = await makeAPicture(client, new Uint8Array(await request.arrayBuffer()), "a fox", (step) => steps.push(step));
    return Response.json({ steps, url: job.outputs[0]?.url });
  },
};
