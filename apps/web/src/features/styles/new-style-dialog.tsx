"use client";

import type { ReferenceMode } from "@deadiff/schemas/contracts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTRPC } from "@/api/client";
import { Field, fieldIds } from "@/components/field";
import { FormDialog } from "@/components/form-dialog";
import { IconButton } from "@/components/icon-button";
import { Segmented } from "@/components/segmented";
import type { Picked } from "@/references/picked";
import { ReferencePicker } from "@/references/reference-picker";
import { ReferencePicture } from "@/references/reference-picture";
import { NamingFields, UNNAMED } from "./naming";

const MOST = 8;
const MODES = [
  { value: "style", label: "Style" },
  { value: "content", label: "Content" },
  { value: "both", label: "Both" },
] as const;

/** Keeps pictures under a name. */
export const NewStyleDialog = ({ onOpenChange }: { readonly onOpenChange: (open: boolean) => void }) => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const [naming, setNaming] = useState(UNNAMED);
  const [mode, setMode] = useState<ReferenceMode>("style");
  const [pictures, setPictures] = useState<readonly Picked[]>([]);
  const [picking, setPicking] = useState(false);
  const create = useMutation(
    trpc.styles.create.mutationOptions({
      onSuccess: (style) => {
        void queries.invalidateQueries({ queryKey: trpc.styles.list.pathKey() });
        router.push(`/styles/${style.id}`);
      },
    }),
  );
  const references = pictures.flatMap(({ source }) => ("image" in source ? [{ image: source.image, mode }] : []));
  return (
    <>
      <FormDialog
        open={!picking}
        onOpenChange={onOpenChange}
        title="New style"
        description="One picture is enough. Several are mixed into one style."
        action="Keep the style"
        ready={references.length > 0 && naming.name.trim() !== ""}
        busy={create.isPending}
        error={create.error}
        onSubmit={() => create.mutate({ ...naming, name: naming.name.trim(), tags: [...naming.tags], references })}
      >
        <div className="grid gap-1.5">
          <span className="font-medium">Pictures</span>
          <ul className="flex flex-wrap gap-2">
            {pictures.map(({ key, name, source }) => (
              <li key={key} className="relative w-18">
                <ReferencePicture source={source} name={name} />
                <IconButton size="sm" variant="secondary" label={`Remove ${name}`} className="absolute -top-1.5 -right-1.5 size-6 rounded-full" onClick={() => setPictures((all) => all.filter((other) => other.key !== key))}>
                  <X aria-hidden className="size-3!" />
                </IconButton>
              </li>
            ))}
            {pictures.length < MOST && (
              <li>
                <button type="button" onClick={() => setPicking(true)} className="grid size-18 place-items-center rounded-md border border-dashed border-line-strong text-faint hover:border-accent hover:text-ink">
                  <Plus aria-hidden className="size-5" />
                  <span className="sr-only">Add pictures</span>
                </button>
              </li>
            )}
          </ul>
        </div>
        <NamingFields value={naming} onChange={setNaming} />
        <Field id="style-mode" label="What is taken of them" hint="Style: how they are drawn. Content: what they show.">
          <Segmented label="What is taken of them" describedBy={fieldIds("style-mode").hintId} value={mode} options={MODES} onChange={setMode} />
        </Field>
      </FormDialog>
      <ReferencePicker open={picking} onOpenChange={setPicking} withStyles={false} room={MOST - pictures.length} onPick={(picked) => setPictures((all) => [...all, picked])} />
    </>
  );
};
