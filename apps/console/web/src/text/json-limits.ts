/** Bounds of what is put on a page at once. A record can hold megabytes; the rest follows on request. */
export const SHOWN_CHARACTERS = 240;
/** Characters that one press of "Show more" adds. */
export const STEP_CHARACTERS = 4_000;
/** The longest text that a page shows. What is longer is read from the raw record's file. */
export const MOST_CHARACTERS = 40_000;
export const SHOWN_ENTRIES = 40;
export const MOST_ENTRIES = 400;
export const MOST_DEPTH = 6;
