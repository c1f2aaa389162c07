"use client";

import { Images } from "lucide-react";
import { Dialog } from "@/components/dialog";
import { EmptyState } from "@/components/states";
import { useRecentJobs } from "./jobs";
import { useReferences } from "./use-references";

/** The newest pictures, of which one is to be a reference. */
export const PicturePicker = ({ onClose }: { readonly onClose: () => void }) => {
  const { data: jobs } = useRecentJobs();
  const { addAddress } = useReferences();
  const pictures = (jobs ?? []).flatMap((job) => {
    const prompt = typeof job.input?.["prompt"] === "string" && job.input["prompt"] !== "" ? job.input["prompt"] : "Picture";
    return job.outputs.flatMap(({ url, sha256 }) => (url === null ? [] : [{ url, sha256, prompt }]));
  });
  return (
    <Dialog open onOpenChange={onClose} title="From your pictures" description="The one you choose becomes a reference." className="sm:w-[min(94vw,44rem)]">
      {pictures.length === 0 ? (
        <EmptyState icon={<Images />} title="Nothing yet">
          Pictures that you make appear here.
        </EmptyState>
      ) : (
        <ul className="scroll-quiet grid max-h-[60dvh] grid-cols-3 gap-2 overflow-y-auto p-1 sm:grid-cols-5">
          {pictures.map(({ url, sha256, prompt }, i) => (
            <li key={`${sha256}${i}`}>
              <button
                type="button"
                title={prompt}
                className="block w-full overflow-hidden rounded-md transition hover:brightness-105"
                onClick={() => {
                  addAddress(url, prompt);
                  onClose();
                }}
              >
                <img src={url} alt={prompt} width={128} height={128} loading="lazy" className="aspect-square w-full bg-sunken object-cover" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
};
