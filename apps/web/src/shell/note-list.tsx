"use client";

import dynamic from "next/dynamic";
import { useNotesWanted } from "./notes";

const Toasts = dynamic(() => import("./toasts").then((module) => module.Toasts), { ssr: false });

/** Short notes at the foot of the page, from the first one on. */
export const NoteList = () => (useNotesWanted() ? <Toasts /> : null);
