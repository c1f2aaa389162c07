"use client";

import type { Crop } from "@deadiff/schemas/contracts";
import { regionOf } from "@deadiff/schemas/region";
import { useEffect, useRef, useState } from "react";
import { cn } from "@/components/cn";

/** How a picture that is not square meets the model's square. */
export type ReferenceFit = "stretch" | "pad" | "crop";

interface AsSeenProps {
  /** `null` while there is none yet. */
  readonly url: string | null;
  readonly name: string;
  readonly crop: Crop | null;
  readonly fit: ReferenceFit;
  /** The square's side in pixels: the encoder's own, or as many as look sharp where the picture is small. */
  readonly side?: number;
  readonly className?: string;
}

/** A reference as the model sees it: the part that is used, brought to a square by stretching, by padding with white, or by cutting. */
export const AsSeen = ({ url, name, crop, fit, side = 160, className }: AsSeenProps) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const image = useImage(url);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (image === undefined || context == null) return;
    draw(context, image, crop, fit, side);
  }, [image, crop, fit, side]);
  return <canvas ref={canvas} width={side} height={side} role="img" aria-label={name} className={cn("block aspect-square size-full", image === undefined && "skeleton", className)} />;
};

/** Draws what the model's own preparation makes of the picture: `fitImage` of `packages/core`, after the worker's cut. */
const draw = (context: CanvasRenderingContext2D, image: HTMLImageElement, crop: Crop | null, fit: ReferenceFit, side: number): void => {
  const whole = { width: image.naturalWidth, height: image.naturalHeight };
  const from = crop === null ? { left: 0, top: 0, ...whole } : regionOf(crop, whole);
  const inner = Math.min(from.width, from.height);
  const scale = side / Math.max(from.width, from.height);
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white";
  context.fillRect(0, 0, side, side);
  switch (fit) {
    case "stretch":
      context.drawImage(image, from.left, from.top, from.width, from.height, 0, 0, side, side);
      break;
    case "crop":
      context.drawImage(image, from.left + ((from.width - inner) >> 1), from.top + ((from.height - inner) >> 1), inner, inner, 0, 0, side, side);
      break;
    case "pad": {
      const [width, height] = [Math.max(1, Math.round(from.width * scale)), Math.max(1, Math.round(from.height * scale))];
      context.drawImage(image, from.left, from.top, from.width, from.height, (side - width) >> 1, (side - height) >> 1, width, height);
      break;
    }
  }
};

/** The picture at an address, once it is decoded; the one before until then, so that nothing flickers. */
const useImage = (url: string | null): HTMLImageElement | undefined => {
  const [image, setImage] = useState<HTMLImageElement>();
  useEffect(() => {
    if (url === null) return undefined;
    const loading = new Image();
    loading.onload = () => setImage(loading);
    loading.src = url;
    return () => {
      loading.onload = null;
    };
  }, [url]);
  return image;
};
