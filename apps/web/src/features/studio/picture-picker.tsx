"use client";

import { Images, LoaderCircle, SearchX } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { useTRPC, useTRPCClient } from "@/api/client";
import { usePages } from "@/api/use-pages";
import { Dialog } from "@/components/dialog";
import { SearchInput } from "@/components/search-input";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { useInView } from "@/components/use-in-view";
import { useReferences } from "./use-references";

const PAGE = 40;

/** The gallery, to choose a picture from that is to be a reference. */
export const PicturePicker = ({ onClose }: { readonly onClose: () => void }) => {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const { addAddress } = useReferences();
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search.trim());
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetching, isFetchingNextPage } = usePages({
    path: trpc.pictures.list.pathKey(),
    input: { limit: PAGE, ...(wanted === "" ? {} : { search: wanted }) },
    read: client.pictures.list.query,
  });
  const end = useInView(hasNextPage && !isFetching, () => void fetchNextPage());
  const pictures = data?.pages.flatMap((page) => page.data);
  return (
    <Dialog open onOpenChange={onClose} title="From your gallery" description="The picture you choose becomes a reference." className="sm:w-[min(94vw,44rem)]">
      <SearchInput label="Search pictures" placeholder="Search prompts" value={search} onChange={setSearch} />
      <div className="scroll-quiet -mx-1 h-[56dvh] overflow-y-auto p-1">
        {pictures === undefined ? (
          error === null ? <Waiting /> : <ErrorState error={error} onRetry={() => void refetch()} />
        ) : pictures.length === 0 ? (
          <EmptyState icon={wanted === "" ? <Images /> : <SearchX />} title={wanted === "" ? "Nothing yet" : "No picture matches"}>
            {wanted === "" ? "Pictures that you make appear here." : "Search looks for words of the prompt."}
          </EmptyState>
        ) : (
          <ul className={GRID}>
            {pictures.map(({ id, url, prompt, seed }) => {
              const name = prompt === "" ? `Seed ${seed}` : prompt;
              return (
                <li key={id}>
                  <button
                    type="button"
                    title={name}
                    className="block w-full overflow-hidden rounded-md transition hover:brightness-105"
                    onClick={() => {
                      addAddress(url, name);
                      onClose();
                    }}
                  >
                    <img src={url} alt={name} width={128} height={128} loading="lazy" className="aspect-square w-full bg-sunken object-cover" />
                  </button>
                </li>
              );
            })}
          </ul>
        )}
        <div ref={end} className="grid min-h-8 place-items-center">
          {isFetchingNextPage && <LoaderCircle aria-label="Loading more" className="size-5 animate-spin text-faint" />}
        </div>
      </div>
    </Dialog>
  );
};

const GRID = "grid grid-cols-3 gap-2 sm:grid-cols-5";

const Waiting = () => (
  <ul aria-hidden className={GRID}>
    {Array.from({ length: 15 }, (_, i) => (
      <li key={i}>
        <Skeleton className="aspect-square" />
      </li>
    ))}
  </ul>
);
