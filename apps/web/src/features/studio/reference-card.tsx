"use client";

import type { ReferenceMode } from "@deadiff/schemas/contracts";
import { useQuery } from "@tanstack/react-query";
import { Crop, LoaderCircle, Palette, X } from "lucide-react";
import dynamic from "next/dynamic";
import { useEffect, useState } from "react";
import { useTRPC } from "@/api/client";
import { IconButton } from "@/components/icon-button";
import { NumberInput } from "@/components/number-input";
import { Segmented } from "@/components/segmented";
import { Track } from "@/components/slider";
import { AsSeen, type ReferenceFit } from "@/references/as-seen";
import { note } from "@/shell/notes";
import { isThere, useStudio, type DeskReference } from "./state";

const MODES: readonly { readonly value: ReferenceMode; readonly label: string; readonly name: string }[] = [
  { value: "style", label: "Style", name: "Style: how it is drawn" },
  { value: "content", label: "Content", name: "Content: what it shows" },
  { value: "both", label: "Both", name: "Both: how it is drawn and what it shows" },
];

const FIT_NAMES: Readonly<Record<ReferenceFit, string>> = { stretch: "Stretch", pad: "Pad", crop: "Crop" };

// Most references are taken as they are.
const CropDialog = dynamic(() => import("./crop-dialog").then((module) => module.CropDialog), { ssr: false });

/** One reference: how the model sees it, what is taken of it, and its share. */
export const ReferenceCard = ({ reference, alone, describedBy }: { readonly reference: DeskReference; readonly alone: boolean; readonly describedBy: string }) => {
  const { changeReference, removeReference } = useStudio.getState();
  const { key, name, weight, mode, saved, fault } = reference;
  const [cropping, setCropping] = useState(false);
  const shownUrl = useFreshUrl(reference);
  const busy = !isThere(reference) && fault === null;
  return (
    <li className="grid grid-cols-[4.75rem_1fr] gap-x-3 rounded-lg border bg-surface p-2 shadow-card">
      <button type="button" aria-label={`Crop and fit ${name}`} disabled={shownUrl === null || saved !== null} onClick={() => setCropping(true)} className="group relative size-19 overflow-hidden rounded-md">
        {shownUrl === null && saved !== null ? (
          <span className="grid size-full place-items-center bg-sunken text-faint">
            <Palette aria-hidden className="size-6" />
          </span>
        ) : (
          <AsSeen url={shownUrl} crop={reference.crop} fit={reference.fit} name={name} />
        )}
        {busy && (
          <span className="absolute inset-0 grid place-items-center bg-black/35 text-white">
            <LoaderCircle aria-label="Sending" className="size-5 animate-spin" />
          </span>
        )}
        {saved === null && <span aria-hidden className="absolute inset-x-0 bottom-0 flex items-center justify-center gap-1 bg-black/60 py-0.5 text-[0.625rem] font-medium text-white opacity-0 transition-opacity group-hover:opacity-100 group-focus-visible:opacity-100 [@media(hover:none)]:opacity-100">
          <Crop className="size-3" /> {FIT_NAMES[reference.fit]}
        </span>}
      </button>
      <div className="grid min-w-0 content-between gap-1">
        <div className="flex items-center gap-1">
          <p className="min-w-0 flex-1 truncate font-medium">{name}</p>
          <IconButton size="sm" className="-my-1 -mr-1" label={`Remove ${name}`} onClick={() => removeReference(key)}>
            <X aria-hidden />
          </IconButton>
        </div>
        {fault === null ? (
          <>
            <Segmented size="sm" label={`What is taken of ${name}`} describedBy={describedBy} value={mode} options={MODES} onChange={(next) => changeReference(key, { mode: next })} />
            <div className="flex items-center gap-2">
              <span className="text-xs text-faint">{alone ? "Weight" : "Share"}</span>
              <Track label={`Weight of ${name}`} describedBy={describedBy} valueText={`${weight} ×`} value={weight} min={0} max={2} step={0.05} neutral={1} onChange={(next) => changeReference(key, { weight: next })} />
              <NumberInput className="-mr-1.5" label={`Weight of ${name}`} describedBy={describedBy} unit="×" value={weight} min={0} max={4} step={0.05} onChange={(next) => changeReference(key, { weight: next })} />
            </div>
          </>
        ) : (
          <div role="alert" className="text-xs">
            <p className="font-medium text-danger">{fault.title}</p>
            <p className="text-muted">{fault.advice}</p>
          </div>
        )}
      </div>
      {cropping && shownUrl !== null && <CropDialog reference={reference} url={shownUrl} onClose={() => setCropping(false)} />}
    </li>
  );
};

/** The reference's address: its own, or, after a reload, one that the store signs anew. */
const useFreshUrl = ({ key, url, upload, saved }: DeskReference): string | null => {
  const trpc = useTRPC();
  const style = saved !== null && "style" in saved ? saved.style : null;
  const picture = useQuery(trpc.uploads.get.queryOptions({ id: upload ?? "img_" }, { enabled: url === null && upload !== null, staleTime: 3600_000 }));
  const named = useQuery(trpc.styles.get.queryOptions({ id: style ?? "sty_" }, { enabled: url === null && style !== null, staleTime: 3600_000 }));
  const lost = (picture.error ?? named.error)?.data?.problem.code === "not_found";
  const name = named.data?.name;
  useEffect(() => {
    // Deleted meanwhile, or another account's.
    if (lost) {
      useStudio.getState().removeReference(key);
      note.error("A reference was deleted, and is no longer on the desk.", { id: key });
    } else if (name !== undefined) useStudio.getState().changeReference(key, { name });
  }, [lost, name, key]);
  return url ?? picture.data?.url ?? named.data?.preview_url ?? null;
};
