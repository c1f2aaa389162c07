"use client";

import type { Job } from "@deadiff/schemas/contracts";
import { Download, ImagePlus } from "lucide-react";
import Link from "next/link";
import { IconButton } from "@/components/icon-button";
import { cn } from "@/components/cn";
import { download } from "@/pictures/download";
import { note } from "@/shell/notes";
import { promptOf } from "./jobs";
import { useReferences } from "./use-references";

/** One picture of a job in its place, which does not change size when the picture comes. */
export const Picture = ({ job, index, previewUrl }: { readonly job: Job; readonly index: number; readonly previewUrl: string | null }) => {
  const { addAddress } = useReferences();
  const { url = null, picture } = job.outputs[index] ?? {};
  const prompt = promptOf(job);
  const name = prompt === "" ? `Picture ${index + 1}` : `${prompt}, picture ${index + 1}`;
  const seed = (job.seed ?? 0) + index;
  return (
    <figure className="group relative aspect-square overflow-hidden rounded-lg bg-sunken">
      {url === null ? (
        <span className={cn("block size-full", job.is_terminal ? "checker" : "skeleton")} />
      ) : (
        <Link href={`/gallery/${picture ?? ""}`} prefetch={false} title="See how it was made" className="absolute inset-0 -outline-offset-2">
          <img src={url} alt={name} className="size-full animate-fade object-contain" />
        </Link>
      )}
      {url === null && previewUrl !== null && <img src={previewUrl} alt="Preview" className="absolute inset-0 size-full scale-105 object-cover blur-[6px]" />}
      {url !== null && (
        <figcaption className="pointer-events-none absolute inset-x-0 bottom-0 flex items-end justify-end gap-1 bg-linear-to-t from-black/45 to-transparent p-2 pt-8 opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100 [@media(hover:none)]:bg-none [@media(hover:none)]:opacity-100">
          <IconButton size="sm" variant="secondary" className="pointer-events-auto" label="Use as reference" onClick={() => addAddress(url, prompt === "" ? `Seed ${seed}` : prompt)}>
            <ImagePlus aria-hidden />
          </IconButton>
          <IconButton
            size="sm"
            variant="secondary"
            className="pointer-events-auto"
            label="Download"
            hint="Download; its parameters are inside"
            onClick={() => void download(url, `${prompt === "" ? "picture" : prompt} ${seed}.png`).catch(() => note.error("The picture could not be downloaded. Try again."))}
          >
            <Download aria-hidden />
          </IconButton>
        </figcaption>
      )}
    </figure>
  );
};
