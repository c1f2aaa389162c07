"use client";

import { useCallback } from "react";
import { useTRPCClient } from "@/api/client";
import { explain, UserError } from "@/api/explain";
import { note } from "@/shell/notes";
import type { Starter } from "./starters";
import { newReference, useStudio, type DeskReference } from "./state";

const MAX = 8;

const read = async (url: string): Promise<Blob> => {
  const answer = await fetch(url);
  if (!answer.ok) throw new UserError("The picture is no longer there.", "Choose another one.");
  return answer.blob();
};

/** Ways to put references on the desk. */
export const useReferences = () => {
  const client = useTRPCClient();

  /** Checks, sends and keeps the picture of the reference at `key`. */
  const send = useCallback(
    async (key: string, file: Blob): Promise<void> => {
      const { changeReference, known, remember } = useStudio.getState();
      try {
        const [{ prepare }, { sha256, upload }] = await Promise.all([import("@/pictures/prepare"), import("@/pictures/upload")]);
        const prepared = await prepare(file);
        changeReference(key, { url: URL.createObjectURL(prepared.blob), fault: null });
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

  /** Puts a picture on the desk, once it was fetched if it is at an address. */
  const add = useCallback(
    async (reference: DeskReference, file: Blob | string): Promise<void> => {
      const { references, addReference, changeReference } = useStudio.getState();
      if (references.length >= MAX) {
        note.error(`A picture can follow up to ${MAX} references. Remove one first.`);
        return;
      }
      addReference(reference);
      try {
        await send(reference.key, typeof file === "string" ? await read(file) : file);
      } catch (error) {
        changeReference(reference.key, { fault: explain(error) });
      }
    },
    [send],
  );

  const addFile = useCallback((file: Blob, name: string) => void add(newReference(name), file), [add]);
  const addStarter = useCallback(({ name, src }: Starter) => void add(newReference(name, { url: src }), src), [add]);
  /** A picture at a signed address of the store. */
  const addAddress = useCallback((url: string, name: string) => void add(newReference(name, { url }), url), [add]);

  return { addFile, addStarter, addAddress };
};
