"use client";

import { useCallback, useEffect, useState } from "react";
import type { Parameters } from "@/pictures/parameters";
import { useReferences } from "./use-references";

/** Takes files, whichever way they came. */
export type AddFiles = (files: readonly File[]) => Promise<void>;

/** A picture that was made here and holds what it was made with. */
export interface MadeHere {
  readonly file: File;
  readonly parameters: Parameters;
}

const isTyping = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement);

/** Files that are dropped on the page or pasted into it. A picture that was made here is held back, to be asked about. */
export const useArrivals = () => {
  const { addFile } = useReferences();
  const [madeHere, setMadeHere] = useState<MadeHere>();
  const [over, setOver] = useState(false);

  const addFiles = useCallback<AddFiles>(
    async (files) => {
      // Fetched with the first file.
      const { readParameters } = await import("@/pictures/png-parameters");
      for (const file of files) {
        const parameters = await readParameters(file);
        if (parameters !== undefined && files.length === 1) setMadeHere({ file, parameters });
        else addFile(file, file.name === "" ? "Pasted picture" : file.name);
      }
    },
    [addFile],
  );

  useEffect(() => {
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const onOver = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(false);
      void addFiles([...(event.dataTransfer?.files ?? [])]);
    };
    const onPaste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0 || (isTyping(event.target) && event.clipboardData?.types.includes("text/plain") === true)) return;
      event.preventDefault();
      void addFiles(files);
    };
    window.addEventListener("dragover", onOver);
    window.addEventListener("dragleave", onLeave);
    window.addEventListener("drop", onDrop);
    window.addEventListener("paste", onPaste);
    return () => {
      window.removeEventListener("dragover", onOver);
      window.removeEventListener("dragleave", onLeave);
      window.removeEventListener("drop", onDrop);
      window.removeEventListener("paste", onPaste);
    };
  }, [addFiles]);

  return { addFiles, over, madeHere, forget: useCallback(() => setMadeHere(undefined), []), addFile };
};
