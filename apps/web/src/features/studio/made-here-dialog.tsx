"use client";

import { ImagePlus, RotateCcw } from "lucide-react";
import { useEffect, useState } from "react";
import { explain } from "@/api/explain";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Skeleton } from "@/components/states";
import { AsSeen } from "@/references/as-seen";
import { restoreParameters, type KeptReferences } from "./restore";
import type { MadeHere } from "./use-arrivals";
import { useKeptReferences } from "./use-kept-references";

/** Asks what a picture that was made here is wanted for: what it was made with, or itself. */
export const MadeHereDialog = ({ madeHere: { file, parameters }, onReference, onClose }: { readonly madeHere: MadeHere; readonly onReference: () => void; readonly onClose: () => void }) => {
  const named = parameters.references.length;
  const { data: kept = null, error, isLoading } = useKeptReferences(file, named > 0);
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
            busy={isLoading}
            onClick={() => {
              // A picture without references is restored without.
              restoreParameters(parameters, named === 0 ? { there: [], gone: 0 } : kept);
              onClose();
            }}
          >
            <RotateCcw aria-hidden /> {kept === null || kept.there.length === 0 ? "Restore settings" : "Restore everything"}
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
              <dd className="line-clamp-3 min-w-0 [overflow-wrap:anywhere]">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      {named > 0 && (
        <section aria-label="Its references" aria-busy={isLoading} className="grid min-h-20 content-start gap-1.5">
          <h3 className="font-medium">{named === 1 ? "Reference" : "References"}</h3>
          {isLoading ? <Skeleton className="size-14" /> : <Found kept={kept} named={named} error={error} />}
        </section>
      )}
    </Dialog>
  );
};

const Found = ({ kept, named, error }: { readonly kept: KeptReferences | null; readonly named: number; readonly error: unknown }) => {
  if (kept === null) {
    return (
      <p role="status" className="text-muted">
        {error === null
          ? `${named === 1 ? "It is" : `All ${named} are`} not in this account: the picture was deleted, or made elsewhere. The file holds no copy; add ${named === 1 ? "it" : "them"} yourself.`
          : `${named === 1 ? "It was" : "They were"} not found: ${explain(error).title} ${explain(error).advice}`}
      </p>
    );
  }
  return (
    <>
      {kept.there.length > 0 && (
        <ul className="flex flex-wrap gap-2">
          {kept.there.map(({ key, url, name, crop, fit }) => (
            <li key={key} className="size-14 overflow-hidden rounded-md">
              {url === null ? <span title={name} className="grid size-full place-items-center bg-sunken text-center text-[0.625rem] text-faint">{name}</span> : <AsSeen url={url} crop={crop} fit={fit} name={name} />}
            </li>
          ))}
        </ul>
      )}
      {kept.gone > 0 && (
        <p role="status" className="text-warn">
          {kept.gone} of {kept.gone + kept.there.length} {kept.gone === 1 ? "was" : "were"} deleted since: add {kept.gone === 1 ? "it" : "them"} yourself.
        </p>
      )}
    </>
  );
};
