"use client";

import type { ReactNode } from "react";
import { Button, type ButtonProps } from "./button";
import { Tooltip } from "./tooltip";

/** A button that is only a picture; its name is said on hover, on focus and to screen readers. */
export const IconButton = ({ label, hint, side, children, variant = "ghost", ...rest }: Omit<ButtonProps, "aria-label" | "square"> & { readonly label: string; readonly hint?: ReactNode; readonly side?: "top" | "right" | "bottom" | "left" }) => (
  <Tooltip label={hint ?? label} {...(side === undefined ? {} : { side })}>
    <Button aria-label={label} square variant={variant} {...rest}>
      {children}
    </Button>
  </Tooltip>
);
