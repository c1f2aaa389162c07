import { startServed } from "./start-served.ts";

const setup = async (): Promise<(() => Promise<void>) | undefined> => {
  // Somebody who works on the tests keeps `node test/serve.ts` running and says where.
  if (process.env["STUDIO_URL"] !== undefined) return undefined;
  const served = await startServed();
  process.env["STUDIO_URL"] = served.webUrl;
  process.env["STUDIO_HOSTED_URL"] = served.hostedUrl;
  process.env["STUDIO_API_URL"] = served.apiUrl;
  process.env["STUDIO_API_KEY"] = served.key;
  return served.stop;
};

export default setup;
