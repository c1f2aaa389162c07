"use client";

import type { Picture } from "@deadiff/schemas/contracts";
import { Link2, Star } from "lucide-react";
import Link from "next/link";

/** A picture among others; leads to everything about it. */
export const PictureTile = ({ picture, eager }: { readonly picture: Picture; readonly eager: boolean }) => (
  <Link href={`/gallery/${picture.id}`} className="group relative block overflow-hidden rounded-lg bg-sunken outline-offset-2" style={{ aspectRatio: "1" }}>
    <img src={picture.url} alt={picture.prompt === "" ? `Picture with seed ${picture.seed}` : picture.prompt} width={picture.width} height={picture.height} loading={eager ? "eager" : "lazy"} decoding="async" className="size-full object-cover transition-transform duration-300 group-hover:scale-[1.03]" />
    <span className="absolute inset-x-0 bottom-0 bg-linear-to-t from-black/65 to-transparent p-2.5 pt-8 text-xs text-white opacity-0 transition-opacity group-hover:opacity-100 group-focus-visible:opacity-100">
      <span className="line-clamp-2">{picture.prompt === "" ? "no prompt" : picture.prompt}</span>
    </span>
    {(picture.favourite || picture.share !== null) && (
      <span className="absolute top-2 right-2 flex gap-1 rounded-full bg-black/55 p-1.5 text-white">
        {picture.favourite && <Star aria-label="favourite" className="size-3.5 fill-current" />}
        {picture.share !== null && <Link2 aria-label="shared by a link" className="size-3.5" />}
      </span>
    )}
  </Link>
);
