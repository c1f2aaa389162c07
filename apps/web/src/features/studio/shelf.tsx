"use client";

import { Tooltip } from "@/components/tooltip";
import { STARTERS } from "./starters";
import { useReferences } from "./use-references";

/** The starter shelf as a strip: a click puts one on the desk. */
export const Shelf = () => {
  const { addStarter } = useReferences();
  return (
    <div className="grid gap-1.5">
      <h3 className="text-xs text-faint">Starter shelf</h3>
      <ul className="scroll-quiet -mx-4 flex gap-1.5 overflow-x-auto px-4 pb-1.5 sm:-mx-5 sm:px-5">
        {STARTERS.map((starter) => (
          <li key={starter.file} className="shrink-0">
            <Tooltip
              label={
                <>
                  {starter.name} <span className="opacity-70">· {starter.credit}</span>
                </>
              }
            >
              <button type="button" aria-label={`Add the style ${starter.name}`} onClick={() => addStarter(starter)} className="block overflow-hidden rounded-md ring-ink/10 transition-transform hover:scale-105 hover:ring-2 focus-visible:-outline-offset-2">
                <img src={starter.src} alt="" width={52} height={52} loading="lazy" decoding="async" className="size-13 object-cover" />
              </button>
            </Tooltip>
          </li>
        ))}
      </ul>
    </div>
  );
};
