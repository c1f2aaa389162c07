"use client";

import type { Style } from "@deadiff/schemas/contracts";
import { Blend, ClipboardPaste, Palette, Plus } from "lucide-react";
import Link from "next/link";
import { useDeferredValue, useState } from "react";
import { useTRPC, useTRPCClient } from "@/api/client";
import { usePages } from "@/api/use-pages";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { Page } from "@/components/page";
import { SearchInput } from "@/components/search-input";
import { Segmented } from "@/components/segmented";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { useInView } from "@/components/use-in-view";
import { ImportDialog } from "./import-dialog";
import { NewStyleDialog } from "./new-style-dialog";
import { StylePicture } from "./style-picture";

const PAGE = 40;
const OWNERS = [
  { value: "all", label: "All" },
  { value: "own", label: "Yours" },
  { value: "offered", label: "Offered" },
] as const;

/** Saved styles: found by name and tag, made from pictures, codes, or others. */
export const StylesList = () => {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [search, setSearch] = useState("");
  const [tag, setTag] = useState<string>();
  const [owner, setOwner] = useState<(typeof OWNERS)[number]["value"]>("all");
  const [making, setMaking] = useState(false);
  const [pasting, setPasting] = useState(false);
  const wanted = useDeferredValue(search.trim());
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetching } = usePages({
    path: trpc.styles.list.pathKey(),
    input: { limit: PAGE, ...(wanted === "" ? {} : { search: wanted }), ...(tag === undefined ? {} : { tag }), ...(owner === "all" ? {} : { owned: owner === "own" }) },
    read: client.styles.list.query,
  });
  const end = useInView(hasNextPage && !isFetching, () => void fetchNextPage());
  const styles = data?.pages.flatMap((page) => page.data);
  const tags = [...new Set([...(tag === undefined ? [] : [tag]), ...(styles ?? []).flatMap((style) => style.tags)])].slice(0, 14);
  const filtered = wanted !== "" || tag !== undefined || owner !== "all";
  return (
    <Page
      title="Styles"
      intro="References kept under a name: tag them, blend them, hand them on as a code."
      actions={
        <>
          <Button onClick={() => setPasting(true)}>
            <ClipboardPaste aria-hidden /> Paste a code
          </Button>
          <Button asChild>
            <Link href="/styles/blend">
              <Blend aria-hidden /> Blend two
            </Link>
          </Button>
          <Button variant="primary" onClick={() => setMaking(true)}>
            <Plus aria-hidden /> New style
          </Button>
        </>
      }
    >
      <div className="mb-5 flex flex-wrap items-center gap-x-4 gap-y-3">
        <SearchInput label="Search styles" placeholder="Search by name, tag or description" value={search} onChange={setSearch} className="w-full sm:w-80" />
        <Segmented size="sm" label="Whose styles" className="w-48" value={owner} options={OWNERS} onChange={setOwner} />
        {tags.length > 0 && (
          <div role="group" aria-label="Tags" className="flex flex-wrap gap-1.5">
            {tags.map((name) => (
              <button key={name} type="button" aria-pressed={name === tag} onClick={() => setTag(name === tag ? undefined : name)} className="max-w-full truncate rounded-full bg-sunken px-2.5 py-1 text-xs text-muted hover:text-ink aria-pressed:bg-accent-soft aria-pressed:text-accent-text">
                {name}
              </button>
            ))}
          </div>
        )}
      </div>
      {styles === undefined ? (
        error === null ? <Waiting /> : <ErrorState error={error} onRetry={() => void refetch()} />
      ) : styles.length === 0 ? (
        filtered ? (
          <EmptyState icon={<Palette />} title="No style matches" action={<Button onClick={() => { setSearch(""); setTag(undefined); setOwner("all"); }}>Show all</Button>}>
            Try another word or tag.
          </EmptyState>
        ) : (
          <EmptyState icon={<Palette />} title="Keep your first style" action={<Button variant="primary" onClick={() => setMaking(true)}><Plus aria-hidden /> New style</Button>}>
            Give a picture a name, and every page can use it as a reference.
          </EmptyState>
        )
      ) : (
        <ul className="grid grid-cols-[repeat(auto-fill,minmax(9.5rem,1fr))] gap-x-4 gap-y-6 sm:grid-cols-[repeat(auto-fill,minmax(12rem,1fr))]">
          {styles.map((style) => (
            <li key={style.id} className="min-w-0">
              <StyleCard style={style} />
            </li>
          ))}
        </ul>
      )}
      <div ref={end} />
      {making && <NewStyleDialog onOpenChange={setMaking} />}
      {pasting && <ImportDialog onOpenChange={setPasting} />}
    </Page>
  );
};

const StyleCard = ({ style }: { readonly style: Style }) => (
  <Link href={`/styles/${style.id}`} className="group grid grid-cols-[minmax(0,1fr)] gap-2 rounded-lg">
    <span className="relative block overflow-hidden rounded-lg">
      <StylePicture style={style} className="transition-transform duration-300 group-hover:scale-[1.02]" />
      {style.references.length > 1 && <span className="absolute right-2 bottom-2 rounded-full bg-black/60 px-2 py-0.5 text-xs text-white">{style.references.length} pictures</span>}
    </span>
    <span className="grid min-w-0 gap-0.5">
      <span className="flex min-w-0 items-baseline justify-between gap-2">
        <span title={style.name} className="truncate font-medium">{style.name}</span>
        <span className="shrink-0 text-xs text-faint tabular-nums">{style.owned ? `v${style.version}` : <Badge>offered</Badge>}</span>
      </span>
      <span className="truncate text-xs text-faint">{style.tags.length === 0 ? style.description || "no tags" : style.tags.join(", ")}</span>
    </span>
  </Link>
);

const Waiting = () => (
  <ul aria-hidden className="grid grid-cols-[repeat(auto-fill,minmax(12rem,1fr))] gap-4">
    {Array.from({ length: 8 }, (_, i) => (
      <li key={i} className="grid gap-2">
        <Skeleton className="aspect-square rounded-lg" />
        <Skeleton className="h-4 w-2/3" />
      </li>
    ))}
  </ul>
);
