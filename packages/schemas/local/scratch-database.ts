import { randomBytes } from "node:crypto";
import postgres from "postgres";

/** Copies the template database at `templateUrl` and returns the copy's address. Each test file takes its own. */
export const scratchDatabase = async (templateUrl: string): Promise<string> => {
  const url = new URL(templateUrl);
  const template = url.pathname.slice(1);
  const name = `scratch_${randomBytes(6).toString("hex")}`;
  url.pathname = "/postgres";
  const client = postgres(url.href, { max: 1, onnotice: () => undefined });
  try {
    await client.unsafe(`create database "${name}" template "${template}" strategy file_copy`);
  } finally {
    await client.end();
  }
  url.pathname = `/${name}`;
  return url.href;
};
