// Loaded before a process's own code: its clock is off by `?ms=` from then on.
const Real = Date;
const offMs = Number(new URL(import.meta.url).searchParams.get("ms"));
globalThis.Date = class extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + offMs);
    else super(...args);
  }
  static now() {
    return Real.now() + offMs;
  }
};
