import type { ReactNode } from "react";

/** A part of the controls, with its name and something at the right. */
export const Section = ({ title, aside, children }: { readonly title: string; readonly aside?: ReactNode; readonly children: ReactNode }) => (
  <section className="grid gap-3 border-b px-4 py-5 last:border-b-0 sm:px-5">
    <div className="flex min-h-6 items-center justify-between gap-3">
      <h2 className="text-sm font-semibold">{title}</h2>
      {aside}
    </div>
    {children}
  </section>
);
