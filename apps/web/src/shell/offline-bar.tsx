"use client";

import { onlineManager } from "@tanstack/react-query";
import { WifiOff } from "lucide-react";
import { useSyncExternalStore } from "react";

const subscribe = (listener: () => void) => onlineManager.subscribe(listener);

/** Whether the browser has a connection. */
export const useOnline = (): boolean => useSyncExternalStore(subscribe, () => onlineManager.isOnline(), () => true);

/** Says that there is no connection, and that nothing is lost. */
export const OfflineBar = () =>
  useOnline() ? null : (
    <div role="status" className="fixed top-3 left-1/2 z-40 flex w-max max-w-[calc(100vw-1.5rem)] -translate-x-1/2 items-center gap-2.5 rounded-xl bg-ink px-4 py-2 text-surface shadow-float">
      <WifiOff aria-hidden className="size-4 shrink-0" />
      <span>
        <strong className="font-semibold">You are offline.</strong> Your work is kept; it goes on when you are back.
      </span>
    </div>
  );
