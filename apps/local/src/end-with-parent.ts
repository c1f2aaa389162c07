// Preloaded into a program that is not ours, so that it ends when the launcher is gone: nobody else would stop it.
process.once("disconnect", () => process.exit(0));
// Listening to the channel shall not keep a program alive that has ended its work.
process.channel?.unref();
