/** Meaning of the exit code of a command. */
export const EXIT = {
  /** Nothing to report. */
  OK: 0,
  /** The command worked and found something: an error of the set-up, a changed decision, a call that is denied. */
  FOUND: 1,
  /** Wrong usage, or the command could not do its work. */
  FAILED: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command cannot do its work. The message states what to change, in one line. */
export class CliFault extends Error {
  override readonly name = 'CliFault';
}

/** Takes the exit code of the command that ran. */
export type Finish = (code: ExitCode) => void;
