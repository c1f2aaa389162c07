"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTRPC } from "@/api/client";
import { Field, fieldIds } from "@/components/field";
import { FormDialog } from "@/components/form-dialog";
import { Textarea } from "@/components/input";
import { NamingFields, UNNAMED } from "./naming";

/** Keeps a code that somebody copied as a style. */
export const ImportDialog = ({ onOpenChange }: { readonly onOpenChange: (open: boolean) => void }) => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const [naming, setNaming] = useState(UNNAMED);
  const [code, setCode] = useState("");
  const keep = useMutation(
    trpc.styles.import.mutationOptions({
      onSuccess: (style) => {
        void queries.invalidateQueries({ queryKey: trpc.styles.list.pathKey() });
        router.push(`/styles/${style.id}`);
      },
    }),
  );
  return (
    <FormDialog
      onOpenChange={onOpenChange}
      title="Paste a style code"
      description="A code is a style without its picture, good for the model that made it."
      action="Keep the style"
      ready={code.trim() !== "" && naming.name.trim() !== ""}
      busy={keep.isPending}
      error={keep.error}
      onSubmit={() => keep.mutate({ ...naming, name: naming.name.trim(), tags: [...naming.tags], code: code.trim() })}
    >
      <Field id="style-code" label="Code" hint="As “Get the code” on a style's page gives it.">
        <Textarea id="style-code" aria-describedby={fieldIds("style-code").hintId} rows={4} spellCheck={false} className="font-mono text-xs break-all" value={code} onChange={(event) => setCode(event.target.value)} />
      </Field>
      <NamingFields value={naming} onChange={setNaming} />
    </FormDialog>
  );
};
