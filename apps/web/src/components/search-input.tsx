"use client";

import { Search, X } from "lucide-react";
import { IconButton } from "./icon-button";
import { Input } from "./input";
import { cn } from "./cn";

/** One line to search with. */
export const SearchInput = ({ label, placeholder, value, onChange, className }: { readonly label: string; readonly placeholder: string; readonly value: string; readonly onChange: (value: string) => void; readonly className?: string }) => (
  <div role="search" className={cn("relative", className)}>
    <Search aria-hidden className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-faint" />
    <Input type="search" aria-label={label} placeholder={placeholder} value={value} maxLength={200} className="px-9 [&::-webkit-search-cancel-button]:hidden" onChange={(event) => onChange(event.target.value)} />
    {value !== "" && (
      <IconButton size="sm" label="Clear the search" className="absolute top-0.5 right-0.5" onClick={() => onChange("")}>
        <X aria-hidden />
      </IconButton>
    )}
  </div>
);
