import { create } from "zustand";

interface NoteOptions {
  readonly description?: string;
  /** Of two notes with one id the later takes the place of the first. */
  readonly id?: string;
}

const useWanted = create<boolean>()(() => false);
const { promise: shown, resolve } = Promise.withResolvers<true>();

/** Whether the list of notes is to be on the page; it calls {@link onShown} once it is. */
export const useNotesWanted = (): boolean => useWanted();

/** The list is on the page, and listens. */
export const onShown = (): void => resolve(true);

const say = async (kind: "success" | "error", text: string, options: NoteOptions): Promise<void> => {
  useWanted.setState(true, true);
  const [{ toast }] = await Promise.all([import("sonner"), shown]);
  toast[kind](text, options);
};

/** Says a short note at the foot of the page. The library that draws them is fetched with the first one. */
export const note = {
  success: (text: string, options: NoteOptions = {}): void => void say("success", text, options),
  error: (text: string, options: NoteOptions = {}): void => void say("error", text, options),
};
