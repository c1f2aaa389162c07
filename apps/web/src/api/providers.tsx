"use client";

import { QueryClientProvider } from "@tanstack/react-query";
import * as Tooltip from "radix-ui/tooltip";
import { useState, type ReactNode } from "react";
import { makeClient, makeQueryClient, TRPCProvider } from "./client";

/** What every page stands on: the query cache, the typed client, tooltips. */
export const Providers = ({ children }: { readonly children: ReactNode }) => {
  const [queryClient] = useState(makeQueryClient);
  const [client] = useState(makeClient);
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        <Tooltip.Provider delayDuration={350} skipDelayDuration={200}>
          {children}
        </Tooltip.Provider>
      </TRPCProvider>
    </QueryClientProvider>
  );
};
