/**
 * Options of Node for workers. What resolving modules leaves behind is 150 MB of garbage that V8 keeps as its young generation grows;
 * a young generation of 1 MB is collected before it does, and a supervisor allocates too little to miss it. The old generation grows
 * in small steps: at its usual ones a busy machine's supervisor took up to 163 MB while it loaded, and takes 129 MB so.
 */
export const WORKER_NODE_ARGS: readonly string[] = ["--max-semi-space-size=1", "--optimize-for-size"];

/**
 * Options of Node for the API. At V8's own choice of a young generation it had 282 MB before the first stream and 365 MB with 2,000 open;
 * with 4 MB 152 and 248 MB, and changes are told as soon. 1 MB saves no more, and a create costs a fifth more time of the processor.
 */
export const EDGE_NODE_ARGS: readonly string[] = ["--max-semi-space-size=4"];
