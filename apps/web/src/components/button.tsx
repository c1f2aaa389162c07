import { cva, type VariantProps } from "class-variance-authority";
import { LoaderCircle } from "lucide-react";
import * as Slot from "radix-ui/slot";
import type { ComponentProps } from "react";
import { cn } from "./cn";

const look = cva(
  "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors duration-100 disabled:pointer-events-none disabled:opacity-45 aria-disabled:opacity-45 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        primary: "bg-accent text-accent-ink shadow-card hover:bg-accent-hover",
        secondary: "border border-line bg-surface text-ink shadow-card hover:border-line-strong hover:bg-hover",
        ghost: "text-muted hover:bg-hover hover:text-ink",
        danger: "bg-danger-soft text-danger hover:bg-danger hover:text-surface",
      },
      size: {
        sm: "h-8 px-2.5 text-xs",
        md: "h-9 px-3.5 text-sm",
        lg: "h-11 px-5 text-base",
      },
      square: { true: "px-0", false: "" },
    },
    compoundVariants: [
      { square: true, size: "sm", class: "w-8" },
      { square: true, size: "md", class: "w-9" },
      { square: true, size: "lg", class: "w-11" },
    ],
    defaultVariants: { variant: "secondary", size: "md", square: false },
  },
);

/** What a button is made from. */
export interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof look> {
  /** Gives the look to the child, a link for instance. */
  readonly asChild?: boolean;
  /** Shows that the work it started goes on. */
  readonly busy?: boolean;
}

/** A button: one `primary` a page, `secondary` for the rest, `ghost` in toolbars. */
export const Button = ({ variant, size, square, asChild = false, busy = false, className, children, disabled, type = "button", ...rest }: ButtonProps) => {
  const classes = cn(look({ variant, size, square }), className);
  if (asChild) return <Slot.Root className={classes} {...rest}>{children}</Slot.Root>;
  return (
    <button type={type} className={classes} disabled={disabled === true || busy} aria-busy={busy} {...rest}>
      {busy && <LoaderCircle aria-hidden className="animate-spin" />}
      {children}
    </button>
  );
};
