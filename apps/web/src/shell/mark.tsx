import { cn } from "@/components/cn";

/** Style and content, two circles that overlap and stay apart. */
export const Mark = ({ className }: { readonly className?: string }) => (
  <svg viewBox="0 0 28 20" aria-hidden className={cn("w-7 text-accent", className)}>
    <circle cx="10" cy="10" r="8" fill="currentColor" />
    <circle cx="18" cy="10" r="8" fill="none" stroke="currentColor" strokeWidth="2.4" className="mix-blend-normal" />
  </svg>
);
