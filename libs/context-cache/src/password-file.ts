import { readFileSync, unwatchFile, watchFile } from 'node:fs';

/** How often the file is looked at, in ms. Asking for its state works for mounted Secrets too, whose links change. */
const WATCH_MS = 2000;

/** A password in a file, which may change while the process runs. */
export class PasswordFile {
  private last: string | undefined;

  constructor(private readonly path: string) {}

  /**
   * The password as it is now, without the line's end; the last one while the file cannot be read or is empty.
   *
   * @throws Error when there never was one
   */
  read(): string {
    try {
      const text = readFileSync(this.path, 'utf8').replace(/[\r\n]+$/, '');
      if (text !== '') this.last = text;
    } catch {
      // Being replaced: the last one holds until the next reading.
    }
    if (this.last === undefined) {
      throw new Error(`redis.passwordFile names ${this.path}, which is missing, unreadable or empty`);
    }
    return this.last;
  }

  /** Calls back with each new password. @returns a function that ends it */
  watch(onChange: (password: string) => void): () => void {
    let known = this.read();
    const look = () => {
      const now = this.read();
      if (now === known) return;
      known = now;
      onChange(now);
    };
    watchFile(this.path, { interval: WATCH_MS, persistent: false }, look);
    return () => unwatchFile(this.path, look);
  }
}
