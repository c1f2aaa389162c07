"use client";

import { useCallback } from "react";
import { toast } from "sonner";
import { useTRPCClient } from "@/api/client";
import { explain } from "@/api/explain";
import { prepare } from "@/pictures/prepare";
import { sha256, upload } from "@/pictures/upload";
import type { Starter } from "./starters";
import { useStudio, type DeskReference } from "./state";

const MAX = 8;

/** Ways to put references on the desk. */
export const useReferences = () => {
  const client = useTRPCClient();

  const room = useCallback((): boolean => {
    if (useStudio.getState().references.length < MAX) return true;
    toast.error(`A picture can follow up to ${MAX} references. Remove one first.`);
    return false;
  }, []);

  /** Checks, sends and keeps the picture of the reference at `key`. */
  const send = useCallback(
    async (key: string, file: Blob): Promise<void> => {
      const { changeReference, known, remember } = useStudio.getState();
      try {
        const prepared = await prepare(file);
        changeReference(key, { url: URL.createObjectURL(prepared.blob), width: prepared.width, height: prepared.height, fault: null });
        const hash = await sha256(prepared.blob);
        const sent = known[hash];
        const found = sent === undefined ? undefined : await client.uploads.get.query({ id: sent }).catch(() => undefined);
        const arrived = found?.state === "ready" ? found : await upload(client, prepared, AbortSignal.timeout(120_000));
        remember(hash, arrived.id);
        changeReference(key, { upload: arrived.id });
      } catch (error) {
        const { title, advice } = explain(error);
        changeReference(key, { fault: { title, advice } });
      }
    },
    [client],
  );

  const addFile = useCallback(
    (file: Blob, name: string, change: Partial<DeskReference> = {}): void => {
      if (!room()) return;
      const key = crypto.randomUUID();
      useStudio.getState().addReference({ key, name, weight: 1, mode: "style", fit: "stretch", url: null, width: 0, height: 0, upload: null, fault: null, ...change });
      void send(key, file);
    },
    [room, send],
  );

  const addStarter = useCallback(
    async (starter: Starter): Promise<void> => {
      if (!room()) return;
      const key = crypto.randomUUID();
      useStudio.getState().addReference({ key, name: starter.name, weight: 1, mode: "style", fit: "stretch", url: starter.src, width: starter.width, height: starter.height, upload: null, fault: null });
      try {
        const file = await (await fetch(starter.src)).blob();
        await send(key, file);
      } catch (error) {
        useStudio.getState().changeReference(key, { fault: explain(error) });
      }
    },
    [room, send],
  );

  /** Puts the upload or picture at a signed address on the desk. */
  const addAddress = useCallback(
    async (url: string, name: string): Promise<void> => {
      if (!room()) return;
      const key = crypto.randomUUID();
      useStudio.getState().addReference({ key, name, weight: 1, mode: "style", fit: "stretch", url, width: 0, height: 0, upload: null, fault: null });
      try {
        const answer = await fetch(url);
        if (!answer.ok) throw new Error(`the store answered ${answer.status}`);
        await send(key, await answer.blob());
      } catch (error) {
        useStudio.getState().changeReference(key, { fault: explain(error) });
      }
    },
    [room, send],
  );

  return { addFile, addStarter, addAddress };
};
