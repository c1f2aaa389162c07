import { idSchema, type Id } from "@deadiff/schemas/contracts";

const MODES = ["style", "content", "both", "none"] as const;

/** Which pictures the gallery shows. What is left out does not matter. */
export interface GalleryFilter {
  readonly search: string;
  readonly mode: (typeof MODES)[number] | "any";
  readonly style: Id<"style"> | null;
  readonly only: "all" | "favourites" | "shared";
}

export const EVERYTHING: GalleryFilter = { search: "", mode: "any", style: null, only: "all" };

type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

const text = (value: Query[string]): string => (typeof value === "string" ? value : "");

/** The filter in an address: `?search=fox&mode=style`. */
export const readFilter = (query: Query): GalleryFilter => {
  const mode = MODES.find((known) => known === query["mode"]);
  const style = idSchema("style").safeParse(query["style"]);
  const only = query["only"];
  return {
    search: text(query["search"]).slice(0, 200),
    mode: mode ?? "any",
    style: style.success ? style.data : null,
    only: only === "favourites" || only === "shared" ? only : "all",
  };
};

/** The address of a filtered gallery. */
export const filterHref = ({ search, mode, style, only }: GalleryFilter): string => {
  const query = new URLSearchParams({
    ...(search.trim() === "" ? {} : { search: search.trim() }),
    ...(mode === "any" ? {} : { mode }),
    ...(style === null ? {} : { style }),
    ...(only === "all" ? {} : { only }),
  });
  return query.size === 0 ? "/gallery" : `/gallery?${query.toString()}`;
};

/** The filter as `pictures.list` takes it. */
export const filterInput = ({ search, mode, style, only }: GalleryFilter) => ({
  ...(search.trim() === "" ? {} : { search: search.trim() }),
  ...(mode === "any" ? {} : { mode }),
  ...(style === null ? {} : { style }),
  ...(only === "favourites" ? { favourite: true } : only === "shared" ? { shared: true } : {}),
});
