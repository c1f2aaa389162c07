import type { SharedPicture } from "@deadiff/schemas/contracts";
import { Wand } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/button";
import { FactList } from "./fact-list";
import { shownSize } from "./shown-size";
import { Mark } from "@/shell/mark";

/** A picture for whoever has its link. */
export const SharedView = ({ picture }: { readonly picture: SharedPicture }) => (
  <div data-bare className="grid min-h-dvh grid-rows-[auto_1fr]">
    <header className="flex items-center justify-between gap-4 px-4 py-3 sm:px-8">
      <Link href="/" className="flex items-center gap-2.5 font-semibold">
        <Mark /> DEADiff Studio
      </Link>
      <Button asChild size="sm" variant="primary">
        <Link href="/">
          <Wand aria-hidden /> Make your own
        </Link>
      </Button>
    </header>
    <main id="main" className="mx-auto grid w-full max-w-6xl grid-cols-[minmax(0,1fr)] content-center gap-8 px-4 pb-12 sm:px-8 lg:grid-cols-[minmax(0,1fr)_19rem] lg:items-center">
      <figure className="mx-auto w-full overflow-hidden rounded-xl bg-sunken shadow-float" style={shownSize(picture, "9rem")}>
        <img src={picture.url} alt={picture.prompt === "" ? "The shared picture" : picture.prompt} width={picture.width} height={picture.height} className="size-full object-contain" />
      </figure>
      <div className="grid gap-5">
        <div className="grid gap-1.5">
          <h1 className="text-xl font-semibold [overflow-wrap:anywhere]">{picture.prompt === "" ? "A picture" : picture.prompt}</h1>
          <p className="text-muted">
            Made <time dateTime={picture.created_at}>{new Date(picture.created_at).toLocaleDateString("en", { dateStyle: "long", timeZone: "UTC" })}</time>
            {picture.modes.length > 0 && `, after a reference for its ${picture.modes.map((mode) => (mode === "both" ? "style and content" : mode)).join(" and ")}`}.
          </p>
        </div>
        <FactList {...picture} />
      </div>
    </main>
  </div>
);
