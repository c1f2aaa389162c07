import type { DeadiffClient, Job, Picture } from "@deadiff/client";

/** Uploads a reference, makes one picture in its style, and tells how far it is. Returns the finished job: `outputs` has the address. */
export const makeAPicture = async (client: DeadiffClient, reference: Picture, prompt: string, onStep: (text: string) => void): Promise<Job> => {
  const { id } = await client.upload(reference);
  return client.run(
    { input: { references: [{ image: id, mode: "style" }], prompt, seed: 7 } },
    { onUpdate: (update) => onStep(update.kind === "job" ? update.job.state : `${update.phase} ${update.step ?? 0}/${update.total ?? "?"}`) },
  );
};
