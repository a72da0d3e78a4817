/** Where the caller put a value. */
export interface Source {
  readonly on: 'register' | 'stack';
  /** Of the parameter registers, or of the words on the stack. */
  readonly index: number;
  /** Bytes behind where the parameter points to; undefined: the parameter itself. */
  readonly offset?: number;
}

export function sourceKey({ on, index, offset }: Source): string {
  return `${on} ${index} ${offset ?? ''}`;
}
