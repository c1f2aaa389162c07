"use client";

import { ImagePlus } from "lucide-react";
import dynamic from "next/dynamic";
import { useEffect } from "react";
import { AdvancedSection } from "./advanced-section";
import { GenerateBar } from "./generate-bar";
import { OutputSection } from "./output-section";
import { PromptSection } from "./prompt-section";
import { ReferencesSection } from "./references-section";
import { Stage } from "./stage";
import { useStudio } from "./state";
import { useArrivals } from "./use-arrivals";
import { useGenerate } from "./use-generate";

const MadeHereDialog = dynamic(() => import("./made-here-dialog").then((module) => module.MadeHereDialog), { ssr: false });

/** The studio: controls at the left, the pictures in the middle, what was made before at the right; stacked on a phone. */
export const Studio = () => {
  const { addFiles, over, madeHere, forget, addFile } = useArrivals();
  const generate = useGenerate();
  useEffect(() => void useStudio.persist.rehydrate(), []);
  return (
    <main id="main" className="flex flex-col lg:h-dvh lg:flex-row-reverse">
      <div id="stage" className="flex min-h-0 min-w-0 flex-1 scroll-mt-2 flex-col lg:overflow-y-auto">
        <Stage />
      </div>
      <form
        aria-label="Controls"
        onSubmit={(event) => event.preventDefault()}
        className="flex flex-col border-t bg-surface lg:h-full lg:w-96 lg:border-t-0 lg:border-r 2xl:w-104"
      >
        <div className="scroll-quiet flex-1 lg:min-h-0 lg:overflow-y-auto">
          <PromptSection />
          <ReferencesSection addFiles={addFiles} />
          <OutputSection />
          <AdvancedSection />
        </div>
        <div className="sticky bottom-14 z-20 lg:static">
          <GenerateBar generate={generate} />
        </div>
      </form>
      {over && (
        <div className="pointer-events-none fixed inset-3 z-50 grid animate-fade place-items-center rounded-xl border-2 border-dashed border-accent bg-accent-soft/85 text-accent-text">
          <p className="flex items-center gap-3 text-lg font-semibold">
            <ImagePlus aria-hidden /> Drop to follow this picture
          </p>
        </div>
      )}
      {madeHere !== undefined && <MadeHereDialog madeHere={madeHere} onClose={forget} onReference={() => addFile(madeHere.file, madeHere.file.name)} />}
    </main>
  );
};
