"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTRPC } from "@/api/client";

const LOOK_MS = 4000;

/** Looks now and then whether a picture came in, from here, another tab or the API; reads the gallery again then. */
export const useNews = (): void => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { data } = useQuery(trpc.pictures.list.queryOptions({ limit: 1 }, { refetchInterval: LOOK_MS, staleTime: 0, select: (page) => page.data[0]?.id ?? null }));
  useEffect(() => {
    if (data === undefined) return;
    const lists = queries.getQueriesData<{ readonly pages?: readonly { readonly data: readonly { readonly id: string }[] }[] }>({ queryKey: trpc.pictures.list.pathKey() });
    const shown = lists.flatMap(([, list]) => list?.pages?.flatMap((page) => page.data) ?? []);
    const news = data === null ? shown.length > 0 : !shown.some(({ id }) => id === data);
    if (news) void queries.invalidateQueries({ queryKey: trpc.pictures.list.pathKey(), predicate: ({ queryKey: [, part] }) => typeof part === "object" && part !== null && "pages" in part });
  }, [data, queries, trpc]);
};
