"use client";

import { useEffect } from "react";
import { Toaster } from "sonner";
import { onShown } from "./notes";

/** The list of notes. */
export const Toasts = () => {
  // After the list's own effect, by which it listens.
  useEffect(onShown, []);
  return <Toaster position="bottom-center" toastOptions={{ className: "!bg-ink !text-surface !border-0 !rounded-lg !shadow-float !font-sans" }} />;
};
