/** The process that `startRuntime` starts: an inline runtime behind the protocol. */
import { DeadiffError } from "../errors.ts";
import type { Runtime, Session } from "../session.ts";
import { inlineRuntime, type InlineRuntime } from "./inline.ts";
import { plainError, PROTOCOL_VERSION, type Answer, type Call, type Verb, type Verbs } from "./protocol.ts";
import { startWatchdog } from "./watchdog.ts";

process.title = "deadiff-runtime";
// The host decides when this process ends: a Ctrl-C that reaches the whole group must not cut off a run it is draining.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
// The host is gone. A long run holds this event up; the watchdog does not wait for it.
process.on("disconnect", () => process.exit(0));
startWatchdog();

let runtime: InlineRuntime | undefined;
const sessions = new Map<number, Session>();
let lastSession = 0;

process.on("message", (call: Call) => {
  void answer(call).then((message) => {
    process.send?.(message, () => {
      if (call.verb === "close") process.exit(0);
    });
  });
});

async function answer(call: Call): Promise<Answer> {
  try {
    const reply = await perform(call);
    return { id: call.id, keptBytes: runtime?.keptBytes() ?? 0, ok: true, reply };
  } catch (error) {
    return { id: call.id, keptBytes: runtime?.keptBytes() ?? 0, ok: false, error: plainError(error) };
  }
}

async function perform(call: Call): Promise<Verbs[Verb]["reply"]> {
  switch (call.verb) {
    case "start": {
      const { protocol, options } = call.request;
      if (protocol !== PROTOCOL_VERSION) throw new DeadiffError("runtime_protocol", `the host speaks protocol ${protocol}, its child ${PROTOCOL_VERSION}: restart the host`);
      runtime = await inlineRuntime(options);
      return { provider: runtime.provider };
    }
    case "open": {
      const session = await started().open(call.request.source);
      sessions.set(++lastSession, session);
      return { session: lastSession, inputNames: session.inputNames, outputNames: session.outputNames, loaded: session.loaded };
    }
    case "run":
      return { outputs: await sessionNumbered(call.request.session).run(call.request.feeds, { keep: call.request.keep }) };
    case "closeSession": {
      const session = sessionNumbered(call.request.session);
      sessions.delete(call.request.session);
      await session.close();
      return {};
    }
    case "read":
      return { tensor: await started().read(call.request.kept) };
    case "write":
      await started().write(call.request.kept, call.request.tensor);
      return {};
    case "drop":
      await started().drop(call.request.kept);
      return {};
    case "memory":
      return { memory: await started().memory() };
    case "close":
      await started().close();
      return {};
  }
}

function started(): Runtime {
  if (runtime === undefined) throw new DeadiffError("runtime_protocol", "a call came before start");
  return runtime;
}

function sessionNumbered(number: number): Session {
  const session = sessions.get(number);
  if (session === undefined) throw new DeadiffError("session_closed", "the session has been closed");
  return session;
}
