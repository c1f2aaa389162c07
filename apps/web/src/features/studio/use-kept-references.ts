"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPCClient } from "@/api/client";
import { sha256 } from "@/pictures/upload";
import { keptReferences, type KeptReferences } from "./restore";

/** The references of a picture's file, by the account's picture with these very bytes; `null` where the account has no such picture. */
export const useKeptReferences = (file: File, enabled: boolean) => {
  const client = useTRPCClient();
  return useQuery({
    queryKey: ["kept-references", file.name, file.size, file.lastModified],
    enabled,
    gcTime: 0,
    queryFn: async ({ signal }): Promise<KeptReferences | null> => {
      const { data } = await client.pictures.list.query({ sha256: await sha256(file), limit: 1 }, { signal });
      const [found] = data;
      return found === undefined ? null : keptReferences(await client.pictures.get.query({ id: found.id }, { signal }));
    },
  });
};
