import { describe, expect, it } from 'vitest';
import { parseShard } from './shard.js';

describe('--shard', () => {
  it.each([
    ['0/1', { index: 0, of: 1 }],
    ['7/8', { index: 7, of: 8 }],
    ['99999/100000', { index: 99_999, of: 100_000 }],
  ])('%s', (text, shard) => expect(parseShard(text, {})).toEqual(shard));

  it('takes its number from a Kubernetes Indexed Job', () => {
    expect(parseShard('auto/8', { JOB_COMPLETION_INDEX: '3' })).toEqual({ index: 3, of: 8 });
  });

  it.each([
    ['8/8', {}, /--shard 8\/8: the first shard is 0, the last of 8 is 7/],
    ['0/0', {}, /there can be 1 to 100000 shards/],
    ['1', {}, /write I\/N/],
    ['-1/8', {}, /write I\/N/],
    ['1/8/9', {}, /write I\/N/],
    ['1e3/8', {}, /write I\/N/],
    ['0/999999', {}, /there can be 1 to 100000 shards/],
    ['auto/8', {}, /JOB_COMPLETION_INDEX is not set/],
    ['auto/8', { JOB_COMPLETION_INDEX: '8' }, /the last of 8 is 7/],
    ['auto/8', { JOB_COMPLETION_INDEX: '../x\u001b' }, /JOB_COMPLETION_INDEX is \.\.\/x\\x1b, which is no number/],
  ])('%s %o is refused', (text, environment, message) => expect(() => parseShard(text, environment)).toThrow(message));
});
