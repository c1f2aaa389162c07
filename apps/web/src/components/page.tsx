import type { ReactNode } from "react";

/** A page that scrolls: its title, one sentence, and actions at the right. */
export const Page = ({ title, intro, actions, children }: { readonly title: string; readonly intro?: ReactNode; readonly actions?: ReactNode; readonly children: ReactNode }) => (
  <main id="main" className="mx-auto w-full max-w-[88rem] px-4 pt-6 pb-28 sm:px-8 lg:pt-9 lg:pb-16">
    <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="grid min-w-0 gap-1">
        <h1 className="text-xl font-semibold [overflow-wrap:anywhere]">{title}</h1>
        {intro !== undefined && <p className="max-w-2xl text-base text-pretty [overflow-wrap:anywhere] text-muted">{intro}</p>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
    </header>
    {children}
  </main>
);
