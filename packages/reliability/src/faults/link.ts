import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What a link does to the bytes that pass. */
export type Fault =
  | { readonly kind: "none" }
  | { readonly kind: "latency"; readonly ms: number }
  /** Bytes wait in both directions; connections stay open, new ones are accepted and hang. */
  | { readonly kind: "black_hole" }
  /** What the client says arrives; what the server answers does not. Such connections are cut when the fault ends. */
  | { readonly kind: "half_open" }
  /** Every connection is cut with RST, also new ones. */
  | { readonly kind: "reset" }
  | { readonly kind: "throttle"; readonly bytesPerS: number };

/** Which way bytes go. */
export type Direction = "to_server" | "to_client";

/** Sees every piece that passes and decides whether it goes on or is held back for ever. */
export type Tap = (direction: Direction, bytes: Buffer) => "pass" | "hold";

/** A TCP proxy between one process and one of its services. */
export interface Link {
  readonly port: number;
  readonly set: (fault: Fault) => void;
  /** Where connections go from now on. */
  readonly retarget: (port: number) => void;
  readonly tap: (tap: Tap | undefined) => void;
  readonly close: () => void;
}

const HEALTHY: Fault = { kind: "none" };

const tenthOfASecond = (fault: Fault): number => (fault.kind === "throttle" ? Math.max(1, Math.floor(fault.bytesPerS / 10)) : Number.MAX_SAFE_INTEGER);

/** Opens a link to `targetPort` on loopback. */
export const openLink = async (targetPort: number): Promise<Link> => {
  let target = targetPort;
  let fault: Fault = HEALTHY;
  let changed = Promise.withResolvers<undefined>();
  let tap: Tap | undefined;
  const sockets = new Set<Socket>();

  // One piece at a time, each under the fault that reigns when its turn comes.
  const pass = async (direction: Direction, bytes: Buffer, to: Socket): Promise<"passed" | "cut"> => {
    let lost = false;
    while (fault.kind === "black_hole" || (fault.kind === "half_open" && direction === "to_client")) {
      lost ||= fault.kind === "half_open";
      await changed.promise;
    }
    if (lost || tap?.(direction, bytes) === "hold") return "cut";
    switch (fault.kind) {
      case "latency":
        await sleep(fault.ms);
        to.write(bytes);
        break;
      case "throttle":
        // The fault may end in the middle: then the rest goes at once.
        for (let at = 0; at < bytes.length && !to.destroyed; ) {
          const slice = tenthOfASecond(fault);
          to.write(bytes.subarray(at, at + slice));
          at += slice;
          if (at < bytes.length) await sleep(100);
        }
        break;
      default:
        to.write(bytes);
    }
    return "passed";
  };

  const pipe = (direction: Direction, from: Socket, to: Socket): void => {
    let last = Promise.resolve();
    from.on("data", (bytes: Buffer) => {
      from.pause();
      last = last.then(async () => {
        if ((await pass(direction, bytes, to)) === "cut") {
          from.resetAndDestroy();
          to.resetAndDestroy();
        } else from.resume();
      });
    });
    from.on("end", () => {
      last = last.then(async () => {
        while (fault.kind === "black_hole") await changed.promise;
        to.end();
      });
    });
    from.on("error", () => undefined);
    from.on("close", () => {
      sockets.delete(from);
      // A peer that vanished is told to the other side only if news can pass.
      void (async () => {
        while (fault.kind === "black_hole" || fault.kind === "half_open") await changed.promise;
        await last;
        to.destroy();
      })();
    });
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    sockets.add(client);
    if (fault.kind === "reset") {
      client.on("error", () => undefined);
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true });
    sockets.add(upstream);
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    pipe("to_server", client, upstream);
    pipe("to_client", upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const cutAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    set: (next) => {
      fault = next;
      if (fault.kind === "reset") cutAll();
      changed.resolve(undefined);
      changed = Promise.withResolvers();
    },
    retarget: (port) => {
      target = port;
      cutAll();
    },
    tap: (next) => (tap = next),
    close: () => {
      fault = HEALTHY;
      changed.resolve(undefined);
      server.close();
      cutAll();
    },
  };
};
