import { cn } from "@/components/cn";
import type { ReferenceFit } from "./state";

const FIT: Readonly<Record<ReferenceFit, string>> = { stretch: "object-fill", pad: "object-contain bg-white", crop: "object-cover" };

/** A reference as the model sees it: a square, met by stretching, padding with white, or cutting. */
export const AsSeen = ({ url, fit, name, className }: { readonly url: string | null; readonly fit: ReferenceFit; readonly name: string; readonly className?: string }) =>
  url === null ? <span className={cn("skeleton block size-full", className)} /> : <img src={url} alt={name} draggable={false} className={cn("block size-full", FIT[fit], className)} />;
