import { shareToken, sharedPictureSchema, type SharedPicture } from "@deadiff/schemas/contracts";
import { cache } from "react";
import { readEnv } from "@/env";

/** The picture behind a share link, read without a key; `undefined` where the link shows nothing. Throws where the API does not answer. */
export const loadShared = cache(async (token: string): Promise<SharedPicture | undefined> => {
  if (!shareToken.safeParse(token).success) return undefined;
  const answer = await fetch(new URL(`/v1/shared/${token}`, readEnv().API_URL), { cache: "no-store" });
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`shared picture: the API answered ${answer.status}`);
  return sharedPictureSchema.parse(await answer.json());
});
