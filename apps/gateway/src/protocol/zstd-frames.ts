/**
 * Reads the headers of Zstandard frames without decoding them.
 * Source: RFC 8878, sections 3.1.1 (frames), 3.1.1.2 (blocks) and 3.1.2 (skippable frames).
 */

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

/** Bytes that all windows of a body may take together: one window of the largest size that decoders accept unasked. */
const MAX_WINDOWS_BYTES = 134_217_728;

/** Frames of one body. */
const MAX_FRAMES = 1000;

/**
 * Whether the frames are whole, and the windows that they declare fit into bounded memory. A frame declares its window in
 * a few bytes, and a decoder allocates it before it sees the content.
 */
export function zstdFitsMemory(bytes: Buffer): boolean {
  let windows = 0;
  let at = 0;
  for (let frame = 0; at < bytes.length; frame += 1) {
    if (frame >= MAX_FRAMES || at + 8 > bytes.length) return false;
    const magic = bytes.readUInt32LE(at);
    if (magic >>> 4 === SKIPPABLE >>> 4) {
      at += 8 + bytes.readUInt32LE(at + 4);
      continue;
    }
    if (magic !== MAGIC) return false;
    const header = readHeader(bytes, at + 4);
    if (header === undefined) return false;
    windows += header.windowBytes;
    if (windows > MAX_WINDOWS_BYTES) return false;
    const end = endOfBlocks(bytes, header.end);
    if (end === undefined) return false;
    at = end + (header.hasChecksum ? 4 : 0);
  }
  return at === bytes.length;
}

interface FrameHeader {
  readonly end: number;
  readonly windowBytes: number;
  readonly hasChecksum: boolean;
}

function readHeader(bytes: Buffer, start: number): FrameHeader | undefined {
  const descriptor = bytes[start] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  const sizeAt = start + 1 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  const end = sizeAt + sizeBytes;
  if (end > bytes.length) return undefined;
  let windowBytes: number;
  if (isSingleSegment) {
    // The window is the content. A size of 8 bytes may exceed what a number holds exactly, which is far over any limit.
    windowBytes = sizeBytes === 8 ? Number(bytes.readBigUInt64LE(sizeAt)) : bytes.readUIntLE(sizeAt, sizeBytes);
  } else {
    const window = bytes[start + 1] ?? 0;
    const base = 2 ** (10 + (window >>> 3));
    windowBytes = base + (base / 8) * (window & 7);
  }
  return { end, windowBytes, hasChecksum: (descriptor & 4) !== 0 };
}

/** Offset just past the last block of a frame; undefined when it is broken off or a block is of the reserved type. */
function endOfBlocks(bytes: Buffer, start: number): number | undefined {
  let at = start;
  for (;;) {
    if (at + 3 > bytes.length) return undefined;
    const header = bytes.readUIntLE(at, 3);
    const type = (header >>> 1) & 3;
    if (type === 3) return undefined;
    at += 3 + (type === 1 ? 1 : header >>> 3);
    if ((header & 1) === 1) return at;
  }
}
