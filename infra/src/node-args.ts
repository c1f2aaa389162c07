/**
 * Options of Node for workers. What resolving modules leaves behind is 150 MB of garbage that V8 keeps as its young generation grows;
 * a young generation of 1 MB is collected before it does, and a supervisor allocates too little to miss it. The old generation grows
 * in small steps: at its usual ones a busy machine's supervisor took up to 163 MB while it loaded, and takes 129 MB so.
 */
export const WORKER_NODE_ARGS: readonly string[] = ["--max-semi-space-size=1", "--optimize-for-size"];
