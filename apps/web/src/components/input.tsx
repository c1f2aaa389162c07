import type { ComponentProps } from "react";
import { cn } from "./cn";

const box = "w-full min-w-0 rounded-md border border-line bg-surface text-ink shadow-card transition-colors placeholder:text-faint hover:border-line-strong focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 disabled:opacity-50 aria-invalid:border-danger";

/** One line of text. */
export const Input = ({ className, ...rest }: ComponentProps<"input">) => <input className={cn(box, "h-9 px-3", className)} {...rest} />;

/** Several lines of text. */
export const Textarea = ({ className, ...rest }: ComponentProps<"textarea">) => <textarea className={cn(box, "min-h-20 resize-y px-3 py-2 leading-normal", className)} {...rest} />;
