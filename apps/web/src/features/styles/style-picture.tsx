import type { Style } from "@deadiff/schemas/contracts";
import { Binary } from "lucide-react";
import { cn } from "@/components/cn";
import { ReferencePicture } from "@/references/reference-picture";

/** What a style looks like: its pictures, up to four in a square; a mark for one that is a code alone. */
export const StylePicture = ({ style, className }: { readonly style: Style; readonly className?: string }) => {
  const box = cn("block aspect-square w-full overflow-hidden rounded-lg bg-sunken", className);
  const [, second] = style.references;
  if (second === undefined || style.references.length < 4) {
    return style.preview_url === null ? (
      <span className={cn(box, "grid place-items-center bg-accent-soft text-accent-text")}>
        <Binary aria-hidden className="size-8" />
      </span>
    ) : (
      <img src={style.preview_url} alt="" loading="lazy" decoding="async" className={cn(box, "object-cover")} />
    );
  }
  return (
    <span className={cn(box, "grid grid-cols-2 gap-0.5")}>
      {style.references.slice(0, 4).map((reference, i) => (
        <ReferencePicture key={i} source={reference} name="" className="rounded-none" />
      ))}
    </span>
  );
};
