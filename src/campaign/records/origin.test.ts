import { describe, expect, it } from 'vitest';
import { joinOrigins } from './origin.js';

describe('origins', () => {
  const commit = 'a'.repeat(40);

  it('of one process are its own', () =>
    expect(joinOrigins([{ host: 'h', command: 'c', commit }])).toEqual({ host: 'h', command: 'c', commit }));

  it('of several name every host once, one command, and a commit only if it is the same', () => {
    const one = { host: 'b', command: 'tdxfuzz fuzz --shard 0/2', commit };
    const other = { host: 'a', command: 'tdxfuzz fuzz --shard 1/2', commit: 'b'.repeat(40) };
    expect(joinOrigins([one, other, one])).toEqual({
      host: 'a, b',
      command: 'tdxfuzz fuzz --shard 0/2 (and 1 more)',
    });
  });

  it('of states from before there were any are empty', () => expect(joinOrigins([{}, {}])).toEqual({}));
});
