"use client";

import dynamic from "next/dynamic";

const Toaster = dynamic(() => import("sonner").then((module) => module.Toaster), { ssr: false });

/** Short notes at the foot of the page. */
export const Toasts = () => <Toaster position="bottom-center" toastOptions={{ className: "!bg-ink !text-surface !border-0 !rounded-lg !shadow-float !font-sans" }} />;
