"use client";

// Not fetched later: what says notes is on every page, and two chunks would carry the library twice.
import { Toaster } from "sonner";

/** Short notes at the foot of the page. */
export const Toasts = () => <Toaster position="bottom-center" toastOptions={{ className: "!bg-ink !text-surface !border-0 !rounded-lg !shadow-float !font-sans" }} />;
