import { readFile } from "node:fs/promises";
import { createClient, type CreateJobInput, type Job } from "@deadiff/client";
import { served, starterFile } from "./fixtures.ts";

/** The client as an integrator makes it; with the account's own key where none is given. */
export const clientWith = (apiKey: string = served("STUDIO_API_KEY")) => createClient({ apiKey, baseUrl: served("STUDIO_API_URL") });

/** Sends a picture of the starter shelf. */
export const sendStarter = async (file: string): Promise<`img_${string}`> => (await clientWith().upload(await readFile(starterFile(file)))).id;

/** Makes pictures in a few steps, as a program of the account would. */
export const makePictures = (input: CreateJobInput["input"]): Promise<Job> => clientWith().run({ input: { steps: 4, ...input } });
