"use client";

import type { Id, Picture } from "@deadiff/schemas/contracts";
import { useQuery } from "@tanstack/react-query";
import { Images, LoaderCircle, SearchX, Wand } from "lucide-react";
import Link from "next/link";
import { useDeferredValue, useState } from "react";
import { useTRPC, useTRPCClient } from "@/api/client";
import { usePages } from "@/api/use-pages";
import { Button } from "@/components/button";
import { Page } from "@/components/page";
import { SearchInput } from "@/components/search-input";
import { Segmented } from "@/components/segmented";
import { Select } from "@/components/select";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { useInView } from "@/components/use-in-view";
import { dayName } from "./days";
import { EVERYTHING, filterHref, filterInput, type GalleryFilter } from "./filter";
import { PictureTile } from "./picture-tile";
import { useNews } from "./use-news";

const PAGE = 48;
/** As many as the first window may hold. */
const EAGER = 24;

const MODES = [
  { value: "any", label: "Any", name: "Any use of references" },
  { value: "style", label: "Style", name: "References used for their style" },
  { value: "content", label: "Content", name: "References used for their content" },
  { value: "both", label: "Both", name: "References used for style and content" },
  { value: "none", label: "None", name: "Without references" },
] as const;
const ONLY = [
  { value: "all", label: "All" },
  { value: "favourites", label: "Favourites" },
  { value: "shared", label: "Shared" },
] as const;

const GRID = "grid grid-cols-[repeat(auto-fill,minmax(6.5rem,1fr))] gap-2 sm:grid-cols-[repeat(auto-fill,minmax(10rem,1fr))] sm:gap-3 2xl:grid-cols-[repeat(auto-fill,minmax(12rem,1fr))]";

/** Every picture, newest first, without an end. */
export const GalleryList = ({ start }: { readonly start: GalleryFilter }) => {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [filter, setFilter] = useState(start);
  const wanted = useDeferredValue(filter);
  useNews();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage, isFetching } = usePages({
    path: trpc.pictures.list.pathKey(),
    input: { limit: PAGE, ...filterInput(wanted) },
    read: client.pictures.list.query,
  });
  const styles = useQuery(trpc.styles.list.queryOptions({ limit: 100 }, { select: (page) => page.data.map(({ id, name }) => ({ value: id, label: name })) }));
  const end = useInView(hasNextPage && !isFetching, () => void fetchNextPage());
  const change = (part: Partial<GalleryFilter>) => {
    const next = { ...filter, ...part };
    setFilter(next);
    // The address can be kept and sent on; a way back is not made for every letter.
    window.history.replaceState(null, "", filterHref(next));
  };
  const pictures = data?.pages.flatMap((page) => page.data);
  const filtered = filterHref(filter) !== "/gallery";
  return (
    <Page title="Gallery" intro="Everything you made. Open a picture to see how, and to take it up again.">
      <div className="mb-6 flex flex-wrap items-center gap-x-3 gap-y-2.5">
        <SearchInput label="Search pictures" placeholder="Search prompts" value={filter.search} onChange={(search) => change({ search })} className="w-full sm:w-72" />
        <Segmented size="sm" label="What references were used for" className="w-full sm:w-80" value={filter.mode} options={MODES} onChange={(mode) => change({ mode })} />
        <Segmented size="sm" label="Which pictures" className="min-w-52 flex-1 sm:w-60 sm:flex-none" value={filter.only} options={ONLY} onChange={(only) => change({ only })} />
        {(styles.data?.length ?? 0) > 0 && (
          <Select<Id<"style"> | "any">
            label="Style"
            className="w-32 sm:w-48"
            value={filter.style ?? "any"}
            options={[{ value: "any", label: "Every style" }, ...(styles.data ?? [])]}
            onChange={(style) => change({ style: style === "any" ? null : style })}
          />
        )}
      </div>
      {pictures === undefined ? (
        error === null ? <Waiting /> : <ErrorState error={error} onRetry={() => void refetch()} />
      ) : pictures.length === 0 ? (
        filtered ? (
          <EmptyState icon={<SearchX />} title="No picture matches" action={<Button onClick={() => change(EVERYTHING)}>Show everything</Button>}>
            Search looks for words of the prompt.
          </EmptyState>
        ) : (
          <EmptyState
            icon={<Images />}
            title="Nothing here yet"
            action={
              <Button asChild variant="primary">
                <Link href="/">
                  <Wand aria-hidden /> Make a picture
                </Link>
              </Button>
            }
          >
            What you make in the studio, in the matrix or through the API is kept here with all that made it.
          </EmptyState>
        )
      ) : (
        <Days pictures={pictures} />
      )}
      <div ref={end} className="grid min-h-10 place-items-center pt-6">
        {isFetchingNextPage && <LoaderCircle aria-label="Loading more" className="size-5 animate-spin text-faint" />}
        {pictures !== undefined && pictures.length > EAGER && !hasNextPage && <p className="text-xs text-faint">That is all: {pictures.length} pictures.</p>}
      </div>
    </Page>
  );
};

const Days = ({ pictures }: { readonly pictures: readonly Picture[] }) => {
  const [nowMs] = useState(() => Date.now());
  const first = new Set(pictures.slice(0, EAGER).map(({ id }) => id));
  return (
    <div className="grid gap-8">
      {[...Map.groupBy(pictures, ({ created_at }) => dayName(created_at, nowMs))].map(([day, made]) => (
        <section key={day} className="grid gap-3">
          <h2 className="font-semibold">
            {day} <span className="ml-1 text-xs font-normal text-faint tabular-nums">{made.length}</span>
          </h2>
          <ul className={GRID}>
            {made.map((picture) => (
              <li key={picture.id} className="[contain-intrinsic-size:auto_12rem] [content-visibility:auto]">
                <PictureTile picture={picture} eager={first.has(picture.id)} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
};

const Waiting = () => (
  <ul aria-hidden className={GRID}>
    {Array.from({ length: 24 }, (_, i) => (
      <li key={i}>
        <Skeleton className="aspect-square rounded-lg" />
      </li>
    ))}
  </ul>
);
