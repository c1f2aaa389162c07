"use client";

import type { Id } from "@deadiff/schemas/contracts";
import { useCallback } from "react";
import { useTRPCClient } from "@/api/client";
import { prepare } from "@/pictures/prepare";
import { sha256, upload } from "@/pictures/upload";

/** Uploads of this visit by the SHA-256 of their file: the same picture is sent once. */
const sent = new Map<string, Promise<Id<"upload">>>();

/** Sends a picture, unless this page did before. Resolves with the upload; throws what {@link upload} throws. */
export const useSend = () => {
  const client = useTRPCClient();
  return useCallback(
    async (file: Blob): Promise<Id<"upload">> => {
      const prepared = await prepare(file);
      const hash = await sha256(prepared.blob);
      const known = sent.get(hash);
      const arriving = known ?? upload(client, prepared, AbortSignal.timeout(120_000)).then(({ id }) => id);
      sent.set(hash, arriving);
      try {
        return await arriving;
      } catch (error) {
        sent.delete(hash);
        throw error;
      }
    },
    [client],
  );
};
