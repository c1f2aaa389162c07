"use client";

import { ErrorState } from "@/components/states";

const PageError = ({ error, reset }: { readonly error: Error; readonly reset: () => void }) => (
  <main id="main" className="grid min-h-[80dvh] place-items-center">
    <ErrorState error={error} onRetry={reset} />
  </main>
);

export default PageError;
