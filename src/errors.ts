/** Errors that are a person's to mend: one line that says what, where and what to do. No stack trace is printed. */

/** Bad usage, configuration or input: exit status 2. The message is one line. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}
