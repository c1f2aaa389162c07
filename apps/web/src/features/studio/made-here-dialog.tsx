"use client";

import { ImagePlus, RotateCcw } from "lucide-react";
import { useEffect, useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { restoreParameters } from "./restore";
import type { MadeHere } from "./use-arrivals";

/** Asks what a picture that was made here is wanted for: its settings, or itself. */
export const MadeHereDialog = ({ madeHere: { file, parameters }, onReference, onClose }: { readonly madeHere: MadeHere; readonly onReference: () => void; readonly onClose: () => void }) => {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const address = URL.createObjectURL(file);
    setUrl(address);
    return () => URL.revokeObjectURL(address);
  }, [file]);
  const facts = [
    ["Prompt", parameters.prompt === "" ? "none" : parameters.prompt],
    ["Seed", String(parameters.seed)],
    ["Sampling", `${parameters.sampler}, ${parameters.steps} steps, guidance ${parameters.guidance}`],
    ["Strength", `${parameters.strength} ×`],
    ["Model", parameters.model],
  ] as const;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="This picture was made here"
      description="Its settings are inside the file."
      actions={
        <>
          <Button
            onClick={() => {
              onReference();
              onClose();
            }}
          >
            <ImagePlus aria-hidden /> Use as reference
          </Button>
          <Button
            variant="primary"
            onClick={() => {
              restoreParameters(parameters);
              toast.success("Its settings are on the desk, the seed locked.");
              onClose();
            }}
          >
            <RotateCcw aria-hidden /> Restore settings
          </Button>
        </>
      }
    >
      <div className="grid grid-cols-[7rem_1fr] gap-4">
        <div className="size-28 overflow-hidden rounded-md bg-sunken">{url !== undefined && <img src={url} alt="" className="size-full object-contain" />}</div>
        <dl className="grid content-start gap-1">
          {facts.map(([name, value]) => (
            <div key={name} className="flex gap-2">
              <dt className="w-18 shrink-0 text-faint">{name}</dt>
              <dd className="min-w-0 break-words">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  );
};
