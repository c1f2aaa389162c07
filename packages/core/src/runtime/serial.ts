/** Runs pieces of work one after the other, in the order they were given. */
export type Serial = <T>(work: () => Promise<T>) => Promise<T>;

/** A queue of its own. A piece that fails fails its caller alone. */
export function serial(): Serial {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
