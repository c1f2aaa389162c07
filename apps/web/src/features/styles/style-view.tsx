"use client";

import type { Id, Style } from "@deadiff/schemas/contracts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft, Blend, Pencil, Trash2, Wand } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTRPC } from "@/api/client";
import { explain } from "@/api/explain";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { FormDialog } from "@/components/form-dialog";
import { Page } from "@/components/page";
import { ErrorState, Skeleton } from "@/components/states";
import { restoreStyle } from "@/features/studio/restore";
import { ReferencePicture } from "@/references/reference-picture";
import { note } from "@/shell/notes";
import { NamingFields, type Naming } from "./naming";
import { StyleCode } from "./style-code";

/** One style: its pictures, what was made with it, its code. */
export const StyleView = ({ id }: { readonly id: Id<"style"> }) => {
  const trpc = useTRPC();
  const { data: style, error, refetch } = useQuery(trpc.styles.get.queryOptions({ id }));
  if (style === undefined) {
    return (
      <Page title="Style">
        {error === null ? (
          <div className="grid gap-6 lg:grid-cols-2">
            <Skeleton className="aspect-square rounded-lg" />
            <Skeleton className="h-48" />
          </div>
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )}
      </Page>
    );
  }
  return <Known style={style} />;
};

const day = (moment: string): string => new Date(moment).toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
const MODE_NAMES = { style: "how it is drawn", content: "what it shows", both: "style and content" } as const;

const Known = ({ style }: { readonly style: Style }) => {
  const total = style.references.reduce((sum, { weight }) => sum + weight, 0);
  return (
    <Page
      title={style.name}
      intro={style.description === "" ? undefined : style.description}
      actions={
        <>
          <Button asChild variant="ghost">
            <Link href="/styles">
              <ArrowLeft aria-hidden /> Styles
            </Link>
          </Button>
          <Button asChild>
            <Link href={`/styles/blend?a=${style.id}`}>
              <Blend aria-hidden /> Blend
            </Link>
          </Button>
          <Button asChild variant="primary">
            <Link href="/" onClick={() => restoreStyle(style)}>
              <Wand aria-hidden /> Use in the studio
            </Link>
          </Button>
        </>
      }
    >
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-8 lg:grid-cols-[minmax(0,26rem)_minmax(0,1fr)]">
        <ul className={style.references.length === 1 ? "grid" : "grid grid-cols-2 gap-3"}>
          {style.references.map((reference, i) => (
            <li key={i} className="grid gap-1.5">
              <ReferencePicture source={reference} name={`Picture ${i + 1} of ${style.name}`} className="rounded-lg" />
              <span className="text-xs text-faint">
                {MODE_NAMES[reference.mode]}
                {style.references.length > 1 && total > 0 && ` · ${Math.round((reference.weight / total) * 100)} %`}
              </span>
            </li>
          ))}
        </ul>
        <div className="grid gap-6">
          <div className="grid gap-3">
            <div className="flex flex-wrap items-center gap-2">
              {!style.owned && <Badge tone="accent">offered to everyone</Badge>}
              {style.tags.map((tag) => (
                <Badge key={tag} className="max-w-full [overflow-wrap:anywhere]">{tag}</Badge>
              ))}
            </div>
            <p className="text-xs text-faint">
              version {style.version} · kept {day(style.created_at)}
              {style.updated_at !== style.created_at && ` · changed ${day(style.updated_at)}`}
            </p>
            {style.owned && <Owner style={style} />}
          </div>
          <StyleCode style={style} />
          <MadeWith id={style.id} />
        </div>
      </div>
    </Page>
  );
};

const Owner = ({ style }: { readonly style: Style }) => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const [editing, setEditing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const [naming, setNaming] = useState<Naming>(style);
  const update = useMutation(
    trpc.styles.update.mutationOptions({
      onSuccess: (changed) => {
        queries.setQueryData(trpc.styles.get.queryKey({ id: style.id }), changed);
        void queries.invalidateQueries({ queryKey: trpc.styles.list.pathKey() });
        setEditing(false);
      },
    }),
  );
  const remove = useMutation(
    trpc.styles.delete.mutationOptions({
      onSuccess: () => {
        router.push("/styles");
        void queries.invalidateQueries({ queryKey: trpc.styles.list.pathKey() });
      },
      onError: (error) => note.error(explain(error).title),
    }),
  );
  return (
    <div className="flex flex-wrap gap-2">
      <Button
        size="sm"
        onClick={() => {
          setNaming(style);
          setEditing(true);
        }}
      >
        <Pencil aria-hidden /> Rename and tag
      </Button>
      <Button size="sm" variant="ghost" onClick={() => setDeleting(true)}>
        <Trash2 aria-hidden /> Delete
      </Button>
      <FormDialog
        open={editing}
        onOpenChange={setEditing}
        title="Rename and tag"
        action="Save"
        ready={naming.name.trim() !== ""}
        busy={update.isPending}
        error={update.error}
        onSubmit={() => update.mutate({ id: style.id, name: naming.name.trim(), description: naming.description, tags: [...naming.tags] })}
      >
        <NamingFields value={naming} onChange={setNaming} />
      </FormDialog>
      <ConfirmDialog open={deleting} onOpenChange={setDeleting} title={`Delete “${style.name}”?`} action="Delete the style" busy={remove.isPending} onConfirm={() => remove.mutate({ id: style.id })}>
        Pictures made with it stay, and so do its codes. It cannot be brought back.
      </ConfirmDialog>
    </div>
  );
};

const MadeWith = ({ id }: { readonly id: Id<"style"> }) => {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.jobs.list.queryOptions({ style: id, state: "succeeded", limit: 24 }));
  const pictures = (data?.data ?? []).flatMap((job) => job.outputs.map(({ url, sha256 }) => ({ url, key: `${job.id}${sha256}` }))).filter(({ url }) => url !== null);
  if (pictures.length === 0) return null;
  return (
    <section className="grid gap-3">
      <h2 className="font-semibold">Made with it</h2>
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(5.5rem,1fr))] gap-2">
        {pictures.slice(0, 24).map(({ url, key }) => (
          <li key={key}>
            <img src={url ?? ""} alt="" loading="lazy" className="aspect-square w-full rounded-md object-cover" />
          </li>
        ))}
      </ul>
    </section>
  );
};
