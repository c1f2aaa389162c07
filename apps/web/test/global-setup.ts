import { startServed } from "./start-served.ts";

const setup = async (): Promise<() => Promise<void>> => {
  const served = await startServed();
  process.env["STUDIO_URL"] = served.webUrl;
  process.env["STUDIO_API_URL"] = served.apiUrl;
  process.env["STUDIO_API_KEY"] = served.key;
  return served.stop;
};

export default setup;
