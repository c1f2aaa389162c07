import { fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from "yauzl";
import { DeadiffError } from "../errors.ts";
import type { ByteSource } from "../weights/byte-source.ts";
import type { Archive, ArchiveEntry } from "../weights/torch/checkpoint.ts";

/** A checkpoint has one entry per storage: a few thousand. */
const maxEntries = 100_000;

/**
 * Lists a zip archive (zip64 included) without unpacking anything. Fails with `zip_malformed`: no or a damaged
 * directory (a truncated download has none, it stands at the end), entries outside of the file, a name twice.
 */
export async function openZipArchive(source: ByteSource): Promise<Archive> {
  let zip: ZipFile | undefined;
  try {
    zip = await fromRandomAccessReaderPromise(new SourceReader(source), source.size, { lazyEntries: true, autoClose: false });
    return { source, entries: await listEntries(zip, source.size) };
  } catch (cause) {
    if (cause instanceof DeadiffError && cause.code !== "source_out_of_range") throw cause;
    throw new DeadiffError("zip_malformed", `not a readable zip archive, it may be cut short: ${String(cause)}`, { cause });
  } finally {
    zip?.close();
  }
}

async function listEntries(zip: ZipFile, fileBytes: number): Promise<ReadonlyMap<string, ArchiveEntry>> {
  if (zip.entryCount > maxEntries) throw malformed(`${zip.entryCount} entries, the limit is ${maxEntries}`);
  const entries = new Map<string, ArchiveEntry>();
  for await (const entry of zip.eachEntry()) {
    const { fileName, compressedSize, uncompressedSize, compressionMethod } = entry;
    if (entries.has(fileName)) throw malformed(`two entries are named ${fileName}`);
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    if (fileDataStart + compressedSize > fileBytes) throw malformed(`the entry ${fileName} ends after the file`);
    const stored = compressionMethod === 0 && !entry.isEncrypted() && compressedSize === uncompressedSize;
    entries.set(fileName, { offset: fileDataStart, bytes: compressedSize, stored });
  }
  return entries;
}

const malformed = (what: string): DeadiffError => new DeadiffError("zip_malformed", `not an archive that can be trusted: ${what}`);

/** Lets yauzl read ranges of a source. It opens no streams here, so `read` is all it calls. */
class SourceReader extends RandomAccessReader {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null) => void): void {
    this.#source.read(position, length).then(
      (bytes) => {
        buffer.set(bytes, offset);
        callback(null);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null); // the source belongs to whoever opened it
  }
}
