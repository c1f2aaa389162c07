"use client";

import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field, fieldIds } from "@/components/field";
import { Segmented } from "@/components/segmented";
import { cut } from "@/pictures/cut";
import { CropBox, WHOLE, type Box } from "./crop-box";
import { useModel } from "./model";
import { useStudio, type DeskReference, type ReferenceFit } from "./state";
import { useReferences } from "./use-references";

const FITS: readonly { readonly value: ReferenceFit; readonly label: string; readonly hint: string }[] = [
  { value: "stretch", label: "Stretch", hint: "Pulled to a square: what the model was trained with." },
  { value: "pad", label: "Pad", hint: "All of it, on a white ground." },
  { value: "crop", label: "Crop", hint: "The largest square in the middle." },
];

const isWhole = (box: Box): boolean => box.x < 0.002 && box.y < 0.002 && box.width > 0.996 && box.height > 0.996;

/** Which part of a reference is used, how it meets the model's square, and what the model then sees. */
export const CropDialog = ({ reference, url, onClose }: { readonly reference: DeskReference; readonly url: string; readonly onClose: () => void }) => {
  const { data: model } = useModel();
  const { replaceFile } = useReferences();
  const source = reference.original?.url ?? url;
  const [box, setBox] = useState<Box>(reference.original?.box ?? WHOLE);
  const [fit, setFit] = useState(reference.fit);

  const apply = async () => {
    const { changeReference } = useStudio.getState();
    changeReference(reference.key, { fit });
    onClose();
    const before = reference.original?.box ?? WHOLE;
    if (box === before) return;
    changeReference(reference.key, { crop: null, original: isWhole(box) ? null : { url: source, box } });
    replaceFile(reference.key, isWhole(box) ? await (await fetch(source)).blob() : await cut(source, box));
  };

  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Crop and fit"
      description="The model looks at a small square. Choose what is in it."
      className="sm:w-[min(94vw,46rem)]"
      actions={
        <>
          <Button onClick={() => setBox(WHOLE)} disabled={isWhole(box)} className="mr-auto">
            Whole picture
          </Button>
          <Button onClick={onClose}>Keep as it was</Button>
          <Button variant="primary" onClick={() => void apply()}>
            Apply
          </Button>
        </>
      }
    >
      <div className="grid gap-5 sm:grid-cols-[1fr_13rem]">
        <div className="grid place-items-center rounded-lg bg-sunken p-3">
          <CropBox url={source} name={reference.name} box={box} onChange={setBox} />
        </div>
        <div className="grid content-start gap-4">
          <figure className="grid gap-1.5 max-sm:max-w-40">
            <Seen url={source} box={box} fit={fit} side={model?.encoder_side ?? 64} />
            <figcaption className="text-xs text-faint">
              As the model sees it{model !== undefined && `: ${model.encoder_side} × ${model.encoder_side} pixels`}.
            </figcaption>
          </figure>
          <Field id="fit" label="Fit" hint={FITS.find(({ value }) => value === fit)?.hint}>
            <Segmented label="Fit" describedBy={fieldIds("fit").hintId} size="sm" value={fit} options={FITS} onChange={setFit} />
          </Field>
        </div>
      </div>
    </Dialog>
  );
};

/** The part, fitted and reduced to the encoder's square, its pixels shown large. */
const Seen = ({ url, box, fit, side }: { readonly url: string; readonly box: Box; readonly fit: ReferenceFit; readonly side: number }) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [image, setImage] = useState<HTMLImageElement>();
  useEffect(() => {
    const loading = new Image();
    loading.onload = () => setImage(loading);
    loading.src = url;
  }, [url]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (image === undefined || context == null) return;
    const from = { x: box.x * image.naturalWidth, y: box.y * image.naturalHeight, width: box.width * image.naturalWidth, height: box.height * image.naturalHeight };
    const inner = Math.min(from.width, from.height);
    const scale = side / Math.max(from.width, from.height);
    context.imageSmoothingQuality = "high";
    context.fillStyle = "white";
    context.fillRect(0, 0, side, side);
    switch (fit) {
      case "stretch":
        context.drawImage(image, from.x, from.y, from.width, from.height, 0, 0, side, side);
        break;
      case "crop":
        context.drawImage(image, from.x + (from.width - inner) / 2, from.y + (from.height - inner) / 2, inner, inner, 0, 0, side, side);
        break;
      case "pad":
        context.drawImage(image, from.x, from.y, from.width, from.height, (side - from.width * scale) / 2, (side - from.height * scale) / 2, from.width * scale, from.height * scale);
        break;
    }
  }, [image, box, fit, side]);
  return <canvas ref={canvas} width={side} height={side} role="img" aria-label="As the model sees it" className="aspect-square w-full rounded-md border [image-rendering:pixelated]" />;
};
