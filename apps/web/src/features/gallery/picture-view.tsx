"use client";

import type { Id, PictureDetail } from "@deadiff/schemas/contracts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft, Download, Grid3x3, Shuffle, Star, Trash2 } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect, useState, type ReactNode } from "react";
import { useTRPC } from "@/api/client";
import { explain } from "@/api/explain";
import { Button } from "@/components/button";
import { cn } from "@/components/cn";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { CopyButton } from "@/components/copy-button";
import { IconButton } from "@/components/icon-button";
import { ErrorState, Skeleton } from "@/components/states";
import { remixPicture } from "@/features/studio/restore";
import { download } from "@/pictures/download";
import { AsSeen } from "@/references/as-seen";
import { note } from "@/shell/notes";
import { FactList, Timings } from "./fact-list";
import { shownSize } from "./shown-size";
import { ShareButton } from "./share-button";

/** A picture with all that made it. */
export const PictureView = ({ id }: { readonly id: Id<"picture"> }) => {
  const trpc = useTRPC();
  const { data: picture, error, refetch } = useQuery(trpc.pictures.get.queryOptions({ id }));
  return (
    <main id="main" className="mx-auto w-full max-w-[92rem] px-4 pt-4 pb-28 sm:px-8 lg:pt-6 lg:pb-12">
      <Button asChild variant="ghost" size="sm" className="-ml-2.5 mb-3">
        <Link href="/gallery">
          <ArrowLeft aria-hidden /> Gallery
        </Link>
      </Button>
      {picture === undefined ? (
        error === null ? (
          <div className="grid gap-8 lg:grid-cols-[1fr_22rem]">
            <Skeleton className="mx-auto aspect-square w-full max-w-[calc(100dvh-10rem)] rounded-xl" />
            <Skeleton className="h-96" />
          </div>
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <Known picture={picture} />
      )}
    </main>
  );
};

const Known = ({ picture }: { readonly picture: PictureDetail }) => {
  const name = picture.prompt === "" ? `Picture with seed ${picture.seed}` : picture.prompt;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-x-8 gap-y-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
      <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-3 lg:sticky lg:top-6">
        <figure className="mx-auto grid w-full place-items-center overflow-hidden rounded-xl bg-sunken shadow-card" style={shownSize(picture, "11rem")}>
          <img src={picture.url} alt={name} width={picture.width} height={picture.height} className="size-full object-contain" />
        </figure>
        <Siblings picture={picture} />
      </div>
      <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-6">
        <header className="grid grid-cols-[minmax(0,1fr)] gap-3">
          <div className="flex items-start gap-1">
            <h1 className="min-w-0 flex-1 text-lg font-semibold [overflow-wrap:anywhere]">{picture.prompt === "" ? "No prompt" : picture.prompt}</h1>
            {picture.prompt !== "" && <CopyButton text={picture.prompt} label="Copy the prompt" />}
          </div>
          <p className="text-xs text-faint">
            <time dateTime={picture.created_at}>{new Date(picture.created_at).toLocaleString("en", { dateStyle: "long", timeStyle: "short" })}</time>
            {picture.expires_at !== null && ` · kept until ${new Date(picture.expires_at).toLocaleDateString("en", { dateStyle: "medium" })}`}
          </p>
        </header>
        <Actions picture={picture} name={name} />
        <References picture={picture} />
        <Part title="Parameters">
          <FactList {...picture} />
        </Part>
        <Part title="Time">
          <Timings timings={picture.timings} queueMs={picture.metrics.queue_ms} runMs={picture.metrics.run_ms} />
        </Part>
        {Object.keys(picture.metadata).length > 0 && (
          <Part title="Metadata">
            <dl className="divide-y">
              {Object.entries(picture.metadata).map(([key, value]) => (
                <div key={key} className="flex justify-between gap-4 py-1.5">
                  <dt className="text-faint">{key}</dt>
                  <dd className="min-w-0 text-right [overflow-wrap:anywhere]">{value}</dd>
                </div>
              ))}
            </dl>
          </Part>
        )}
        <p className="flex items-center gap-1 font-mono text-xs text-faint">
          <span className="truncate">{picture.id}</span>
          <CopyButton text={picture.id} label="Copy the id" />
        </p>
      </div>
    </div>
  );
};

const Part = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <section className="grid grid-cols-[minmax(0,1fr)] gap-2">
    <h2 className="font-semibold">{title}</h2>
    {children}
  </section>
);

const Actions = ({ picture, name }: { readonly picture: PictureDetail; readonly name: string }) => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const [deleting, setDeleting] = useState(false);
  const favourite = useMutation(
    trpc.pictures.favourite.mutationOptions({
      onSuccess: (changed) => {
        queries.setQueryData(trpc.pictures.get.queryKey({ id: picture.id }), changed);
        void queries.invalidateQueries({ queryKey: trpc.pictures.list.pathKey() });
      },
      onError: (error) => note.error(explain(error).title),
    }),
  );
  const remove = useMutation(
    trpc.pictures.delete.mutationOptions({
      onSuccess: () => {
        router.push("/gallery");
        queries.removeQueries({ queryKey: trpc.pictures.get.queryKey({ id: picture.id }) });
        void queries.invalidateQueries({ queryKey: trpc.pictures.list.pathKey() });
        void queries.invalidateQueries({ queryKey: trpc.jobs.pathKey() });
      },
      onError: (error) => note.error(explain(error).title, { description: explain(error).advice }),
    }),
  );
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <Button asChild variant="primary" size="lg">
        <Link href="/" onClick={() => remixPicture(picture)}>
          <Shuffle aria-hidden /> Remix
        </Link>
      </Button>
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => void download(picture.url, `${name} ${picture.seed}.png`).catch(() => note.error("The picture could not be downloaded. Try again."))} title="Its parameters are inside the file">
          <Download aria-hidden /> Download
        </Button>
        <ShareButton picture={picture} />
        <span className="ml-auto flex">
          <IconButton label={picture.favourite ? "No longer a favourite" : "Mark as favourite"} aria-pressed={picture.favourite} onClick={() => favourite.mutate({ id: picture.id, favourite: !picture.favourite })}>
            <Star aria-hidden className={cn(picture.favourite && "fill-current text-accent-text")} />
          </IconButton>
          <IconButton label="Delete" onClick={() => setDeleting(true)}>
            <Trash2 aria-hidden />
          </IconButton>
        </span>
      </div>
      <ConfirmDialog open={deleting} onOpenChange={setDeleting} title="Delete this picture?" action="Delete the picture" busy={remove.isPending} onConfirm={() => remove.mutate({ id: picture.id })}>
        The file is removed and its share link, if it has one, shows nothing. It cannot be brought back.
      </ConfirmDialog>
    </div>
  );
};

const TAKEN = { style: "style", content: "content", both: "style and content" } as const;

const References = ({ picture }: { readonly picture: PictureDetail }) =>
  picture.references.length === 0 ? null : (
    <Part title={picture.references.length === 1 ? "Reference" : "References"}>
      <ul className="grid grid-cols-[minmax(0,1fr)] gap-2">
        {picture.references.map(({ reference, name, pictures }, i) => {
          const [first] = pictures;
          const label = name ?? `Reference ${i + 1}`;
          const style = "style" in reference ? reference.style : null;
          return (
            <li key={i} className="flex items-center gap-3">
              <span className="size-16 shrink-0 overflow-hidden rounded-md bg-sunken">{first?.url != null ? <AsSeen url={first.url} name={label} {...("fit" in reference ? { crop: reference.crop ?? null, fit: reference.fit } : { crop: null, fit: "crop" })} /> : <span className="checker block size-full" />}</span>
              <span className="grid min-w-0 gap-0.5">
                {style === null ? (
                  <span className="truncate font-medium">{label}</span>
                ) : (
                  <Link href={`/styles/${style}`} className="truncate font-medium text-accent-text hover:underline">
                    {label}
                  </Link>
                )}
                <span className="text-xs text-faint">
                  {reference.mode === undefined ? "" : `for its ${TAKEN[reference.mode]} · `}weight {reference.weight} ×{pictures.length > 1 && ` · ${pictures.length} pictures`}
                </span>
              </span>
            </li>
          );
        })}
      </ul>
    </Part>
  );

/** The pictures of the same job, or the matrix it belongs to. The arrow keys go through them. */
const Siblings = ({ picture }: { readonly picture: PictureDetail }) => {
  const trpc = useTRPC();
  const router = useRouter();
  const { data } = useQuery(trpc.pictures.list.queryOptions({ job: picture.job, limit: 20 }, { select: (page) => page.data.toSorted((a, b) => a.place - b.place) }));
  const at = data?.findIndex(({ id }) => id === picture.id) ?? -1;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
      if (by === 0 || event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || document.querySelector("[role=dialog]") !== null) return;
      const next = at === -1 ? undefined : data?.[at + by];
      if (next !== undefined) router.replace(`/gallery/${next.id}`, { scroll: false });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [at, data, router]);
  if (picture.matrix !== null) {
    return (
      <Button asChild variant="ghost" size="sm" className="justify-self-center">
        <Link href={`/matrix/${picture.matrix.id}`}>
          <Grid3x3 aria-hidden /> Cell {picture.matrix.cell + 1} of a matrix
        </Link>
      </Button>
    );
  }
  if (data === undefined || data.length < 2) return null;
  return (
    <nav aria-label="Made together">
      <ul className="flex justify-center gap-2">
        {data.map((sibling) => (
          <li key={sibling.id}>
            <Link href={`/gallery/${sibling.id}`} replace scroll={false} aria-current={sibling.id === picture.id} aria-label={`Picture ${sibling.place + 1} of ${data.length}`} className={cn("block size-14 overflow-hidden rounded-md", sibling.id === picture.id ? "ring-2 ring-accent ring-offset-2 ring-offset-ground" : "opacity-75 hover:opacity-100")}>
              <img src={sibling.url} alt="" className="size-full object-cover" />
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
};
