// What fits beside a question, so that it is said when something is added and not when all of it
// is sent. The server's protocol has the same limits.

/** Selections, files and folders beside one question. */
export const maxChips = 100;

/** Characters of a selection. */
export const maxSelectionLength = 400_000;

/** Characters of a diff that the server reads for a commit message. */
export const maxDiffLength = 6000;
