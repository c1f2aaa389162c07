import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";
import { cn } from "./cn";

const look = cva("inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium", {
  variants: { tone: { plain: "bg-sunken text-muted", accent: "bg-accent-soft text-accent-text", warn: "bg-warn-soft text-warn", danger: "bg-danger-soft text-danger" } },
  defaultVariants: { tone: "plain" },
});

/** A word about the state of something. */
export const Badge = ({ tone, className, ...rest }: ComponentProps<"span"> & VariantProps<typeof look>) => <span className={cn(look({ tone }), className)} {...rest} />;
