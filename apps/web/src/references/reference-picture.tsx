"use client";

import { Binary, ImageOff } from "lucide-react";
import { cn } from "@/components/cn";
import type { PickedSource } from "./picked";
import type { StoredMember } from "./stored";
import { useSource } from "./use-source";

/** The picture of a reference in a square; a mark where it is a code, or was deleted. */
export const ReferencePicture = ({ source, name, className }: { readonly source: PickedSource | StoredMember["source"]; readonly name: string; readonly className?: string }) => {
  const { url, state } = useSource(source);
  const box = cn("block aspect-square w-full overflow-hidden rounded-md bg-sunken", className);
  switch (state) {
    case "loading":
      return <span className={cn(box, "skeleton")} />;
    case "shown":
      return url === null ? <span className={box} /> : <img src={url} alt={name} loading="lazy" decoding="async" draggable={false} className={cn(box, "object-cover")} />;
    case "gone":
    case "code":
      return (
        <span role="img" aria-label={state === "gone" ? `${name}: deleted` : `${name}: known by its code alone`} title={state === "gone" ? "It was deleted." : "Known by its code alone."} className={cn(box, "grid place-items-center text-faint")}>
          {state === "gone" ? <ImageOff aria-hidden className="size-5" /> : <Binary aria-hidden className="size-5" />}
        </span>
      );
  }
};
