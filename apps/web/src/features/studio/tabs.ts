"use client";

import { useEffect } from "react";

const NAME = "deadiff-jobs";

/** Tells the other tabs that there is a new job. */
export const tellOtherTabs = (): void => {
  const channel = new BroadcastChannel(NAME);
  channel.postMessage("changed");
  channel.close();
};

/** Calls `listener` when another tab made a job. */
export const useOtherTabs = (listener: () => void): void => {
  useEffect(() => {
    const channel = new BroadcastChannel(NAME);
    channel.onmessage = listener;
    return () => channel.close();
  }, [listener]);
};
