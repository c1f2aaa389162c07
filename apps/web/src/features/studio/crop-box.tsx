"use client";

import type { Crop } from "@deadiff/schemas/contracts";
import { useRef } from "react";

/** All of a picture. */
export const WHOLE: Crop = { x: 0, y: 0, width: 1, height: 1 };

const LEAST = 0.05;
const KEY_STEP = 0.02;
const between = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));

const moved = (box: Crop, dx: number, dy: number): Crop => ({ ...box, x: between(box.x + dx, 0, 1 - box.width), y: between(box.y + dy, 0, 1 - box.height) });

/** `right`, `bottom`: which corner is pulled. */
const pulled = (box: Crop, right: boolean, bottom: boolean, dx: number, dy: number): Crop => {
  const left = right ? box.x : between(box.x + dx, 0, box.x + box.width - LEAST);
  const top = bottom ? box.y : between(box.y + dy, 0, box.y + box.height - LEAST);
  const end = right ? between(box.x + box.width + dx, box.x + LEAST, 1) : box.x + box.width;
  const foot = bottom ? between(box.y + box.height + dy, box.y + LEAST, 1) : box.y + box.height;
  return { x: left, y: top, width: end - left, height: foot - top };
};

const CORNERS = [
  { name: "top left", right: false, bottom: false, className: "top-0 left-0 -translate-1 cursor-nwse-resize" },
  { name: "top right", right: true, bottom: false, className: "top-0 right-0 translate-x-1 -translate-y-1 cursor-nesw-resize" },
  { name: "bottom left", right: false, bottom: true, className: "bottom-0 left-0 -translate-x-1 translate-y-1 cursor-nesw-resize" },
  { name: "bottom right", right: true, bottom: true, className: "right-0 bottom-0 translate-1 cursor-nwse-resize" },
] as const;

/** A picture with a frame on it, to drag, to pull by its corners, or to move with the arrow keys (with Shift: to resize). */
export const CropBox = ({ url, name, box, onChange }: { readonly url: string; readonly name: string; readonly box: Crop; readonly onChange: (box: Crop) => void }) => {
  const area = useRef<HTMLDivElement>(null);
  const start = useRef<{ readonly x: number; readonly y: number; readonly box: Crop }>(undefined);

  const drag = (change: (from: Crop, dx: number, dy: number) => Crop) => ({
    onPointerDown: (event: React.PointerEvent) => {
      event.stopPropagation();
      event.currentTarget.setPointerCapture(event.pointerId);
      start.current = { x: event.clientX, y: event.clientY, box };
    },
    onPointerMove: (event: React.PointerEvent) => {
      const from = start.current;
      const size = area.current?.getBoundingClientRect();
      if (from === undefined || size === undefined) return;
      onChange(change(from.box, (event.clientX - from.x) / size.width, (event.clientY - from.y) / size.height));
    },
    onPointerUp: () => {
      start.current = undefined;
    },
  });

  const onKeyDown = (event: React.KeyboardEvent) => {
    const dx = event.key === "ArrowRight" ? KEY_STEP : event.key === "ArrowLeft" ? -KEY_STEP : 0;
    const dy = event.key === "ArrowDown" ? KEY_STEP : event.key === "ArrowUp" ? -KEY_STEP : 0;
    if (dx === 0 && dy === 0) return;
    event.preventDefault();
    onChange(event.shiftKey ? pulled(box, true, true, dx, dy) : moved(box, dx, dy));
  };

  return (
    <div ref={area} className="relative w-fit touch-none overflow-hidden rounded-md select-none">
      <img src={url} alt={name} draggable={false} className="block max-h-[50dvh] max-w-full" />
      <div
        role="group"
        tabIndex={0}
        aria-label="The part that is used. Arrow keys move it, with Shift they resize it."
        onKeyDown={onKeyDown}
        {...drag(moved)}
        className="absolute cursor-move border-2 border-white shadow-[0_0_0_9999px_rgb(0_0_0/0.55)] outline-offset-0"
        style={{ left: `${box.x * 100}%`, top: `${box.y * 100}%`, width: `${box.width * 100}%`, height: `${box.height * 100}%` }}
      >
        {CORNERS.map(({ name: corner, right, bottom, className }) => (
          <span key={corner} {...drag((from, dx, dy) => pulled(from, right, bottom, dx, dy))} className={`absolute grid size-6 place-items-center ${className}`}>
            <span className="size-3 rounded-full border-2 border-white bg-accent" />
          </span>
        ))}
      </div>
    </div>
  );
};
