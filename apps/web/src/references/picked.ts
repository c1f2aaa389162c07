import type { Id } from "@deadiff/schemas/contracts";

/** What a page may use as a reference: a picture that was sent, or a saved style. */
export type PickedSource = { readonly image: Id<"upload"> } | { readonly style: Id<"style"> };

/** A reference that was picked, with the name it is shown under. */
export interface Picked {
  readonly key: string;
  readonly name: string;
  readonly source: PickedSource;
}
