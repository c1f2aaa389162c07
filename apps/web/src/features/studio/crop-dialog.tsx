"use client";

import type { Crop } from "@deadiff/schemas/contracts";
import { useState } from "react";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field, fieldIds } from "@/components/field";
import { Segmented } from "@/components/segmented";
import { AsSeen, type ReferenceFit } from "@/references/as-seen";
import { CropBox, WHOLE } from "./crop-box";
import { useModel } from "./model";
import { useStudio, type DeskReference } from "./state";

const FITS: readonly { readonly value: ReferenceFit; readonly label: string; readonly hint: string }[] = [
  { value: "stretch", label: "Stretch", hint: "Pulled to a square: what the model was trained with." },
  { value: "pad", label: "Pad", hint: "All of it, on a white ground." },
  { value: "crop", label: "Crop", hint: "The largest square in the middle." },
];

const isWhole = (box: Crop): boolean => box.x < 0.002 && box.y < 0.002 && box.width > 0.996 && box.height > 0.996;

/** Which part of a reference is used, how it meets the model's square, and what the model then sees. */
export const CropDialog = ({ reference, url, onClose }: { readonly reference: DeskReference; readonly url: string; readonly onClose: () => void }) => {
  const { data: model } = useModel();
  const [box, setBox] = useState<Crop>(reference.crop ?? WHOLE);
  const [fit, setFit] = useState(reference.fit);
  const crop = isWhole(box) ? null : box;

  const apply = () => {
    useStudio.getState().changeReference(reference.key, { crop, fit });
    onClose();
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
          <Button onClick={() => setBox(WHOLE)} disabled={crop === null} className="mr-auto">
            Whole picture
          </Button>
          <Button onClick={onClose}>Keep as it was</Button>
          <Button variant="primary" onClick={apply}>
            Apply
          </Button>
        </>
      }
    >
      <div className="grid gap-5 sm:grid-cols-[1fr_13rem]">
        <div className="grid place-items-center rounded-lg bg-sunken p-3">
          <CropBox url={url} name={reference.name} box={box} onChange={setBox} />
        </div>
        <div className="grid content-start gap-4">
          <figure className="grid gap-1.5 max-sm:max-w-40">
            <AsSeen url={url} name="As the model sees it" crop={crop} fit={fit} side={model?.encoder_side ?? 64} className="h-auto rounded-md border [image-rendering:pixelated]" />
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
