/** LZ4, LZMA and xz: what others packed comes out, and what nobody packed ends soon. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { expect, test as plain } from 'vitest';
import { unpackLz4 } from './lz4.js';
import { unpackLzma } from './lzma.js';
import { DamagedPacking } from './packing.js';
import { unpackXz } from './xz.js';

const TEXT = Buffer.from(
  Array.from({ length: 60 }, (_, index) => `line ${(index * index) % 97} of ${index % 13} words; `).join(''),
);
/** Calls and jumps, near and far, close together and apart, and bytes that look like one. */
const CODE = Buffer.from(
  Array.from({ length: 200 }, (_, index) => {
    const distance = index % 3 ? 5000 - index * 25 : -index * 7;
    const bytes = [0, 8, 16, 24].map((shift) => (distance >> shift) & 0xff);
    return [
      index % 3 ? 0xe8 : 0xe9,
      ...bytes,
      ...Array.from({ length: index % 4 }, () => 0x90),
      ...(index % 5 ? [] : [0xe8]),
    ];
  }).flat(),
);

type Unpack = (bytes: Uint8Array, output: Uint8Array) => void;

/** By lz4 1.9.4 (-l -9), and by xz 5.4.1: lzma -9, xz --check=crc32 --lzma2=preset=9, the last one with --x86. */
const SAMPLES: readonly [name: string, unpack: Unpack, content: Buffer, packed: string][] = [
  [
    'lz4',
    unpackLz4,
    TEXT,
    'AiFMGGUBAADxBGxpbmUgMCBvZiAwIHdvcmRzOyATABAxEwAZMRMAEDQTABkyEwAQORMAGjM5ABA2FAAZNBQAIDI1FAAZNRQAETMoABo2YgABUAAZNxQAETZ3ABk4FAAROJ4AGjlQAAGxAArFABEyPAAbMccAETcVAArJAC43MgMBHjIDAS4zMQQBLjYyBQEuOTUFAS4zMwUBLjcwBQEuMTIFAS41MwUBLjk2BQEvNDQGAQAvOTEGAQEfMwYBAC45NAYBLjUwBwEfOAYBAB41BgEuMjcGAS44OAYBLjU0BgEfMgYBAC44OQYBHzYLAgEfNQYBAB8xBgEBLzg2BgEALjY2BgEvNDgNAgAeMgcBLjE4BwEPEQMAHzkMAgAuODUGAR83EQMALjc1BgEuNzMGAR83EgMBLzc1BgEALzc5BgEAAo8AHzC3AAAeMd4ADwUBDwItAR80VQEAHzV9AQAfNqYBAJA3IHdvcmRzOyA=',
  ],
  [
    'lzma',
    unpackLzma,
    TEXT,
    'XQAAAAT//////////wA2GkofCKAmA00HK9x/nXyqaAnGS0hX07YlclRV3qCdicRkXtR73EQeIbVR9o0GzSbi7dUVZG4o64Ybs+KT+tF3tz03vIzVnxythTFftOFU+QUV5FCtaiDUQAiyfaKlj1jbn+yO1wd9DTqR7gI164UDe4yFZDPOfGrjz//AuSsB6TLlBCXcgVgWoHBXWf1paHZTgitYAJlJ61npb0i2P8UX/+9W04ZECRliL066/tWymtr86S29C+2kAX9bjcU6cg2whndiCeTO26mpWDycm6wHkXBfvM4wSdANPqMf//2jHXg=',
  ],
  [
    'xz',
    unpackXz,
    TEXT,
    '/Td6WFoAAAFpIt42AgAhARwAAAAQz1jM4ASyANxdADYaSh8IoCYDTQcr3H+dfKpoCcZLSFfTtiVyVFXeoJ2JxGRe1HvcRB4htVH2jQbNJuLt1RVkbijrhhuz4pP60Xe3PTe8jNWfHK2FMV+04VT5BRXkUK1qINRACLJ9oqWPWNuf7I7XB30NOpHuAjXrhQN7jIVkM858auPP/8C5KwHpMuUEJdyBWBagcFdZ/WlodlOCK1gAmUnrWelvSLY/xRf/71bThkQJGWIvTrr+1bKa2vzpLb0L7aQBf1uNxTpyDbCGd2IJ5M7bqalYPJybrAeRcF+8zjBJ0AD8cmAAvQjkrgAB9AGzCQAAmXwgcD4wDYsCAAAAAAFZWg==',
  ],
  [
    'xz of code',
    unpackXz,
    CODE,
    '/Td6WFoAAAFpIt42AgEEACEBHACHbtrl4AU7AkJdAHSBPBk9/M9BcFKCqVMk8OvcBLWR5SegA9rvikL3evNFyodmbWZDFOUd1EtUDPeg9WhK9ARVwztfIUvgXC2D9Ejw0Oap/3kCWsj0gMBYEhf0qvoBZ5V72iozKs6/7o8REgsgpQU+N86lTgzqlVQQlCmnYOEiecq5xC+wuJ2EL4ebpyoAmcMeJ64wMffad0CWiA45azBkvJ3cEzr8mYIPQZQkaLWMmq6wMcxA3cNRprua2kyUyWmjsHjPJpYXoRgDtS2IRlE3vnBd9p7siCUsU1XW2WpyZ85yuzK2onf+ii7UtbTo8ZMtoEiDBwj2TeXDrKLtIOZPx+w+Xr0WyB/+tOvX8Pts9wJsbXHNmFz167hcgdGlboLqllJdBce4FSvv5ZTBOiLnhfiuX0sYQ+t/FoKK0wqYjqU1pF6QvzCZwN4XRLQ+zFQVLmxCDdomuo3or7qRHGkNWB9Dti6BUVG3Dz5XprXzMQTM5FWVHwQXRaeZyxy0ZDvsFHkJn/XBvAFu+IvIWG8f63MmqiZmyeVvOTX9YI38njNBYQZaoYAAsUPxkLIpC97lfYFp/A9DTw2nFibIKJcekvvgZVtIcK3MNb9oBHA0UqnQ40vmwq2I72ak3sDcx4mucFtWtA690uVIXFG+jPPqJ6r4RFKXMPXD47Wv6WEzkLN9Fit0wHbv6w7irQhzk7KPStTIIGoK8A0cdwEw6r1n3D89gvlzp3DSSjUjqsKH0WLAYtWN8hVmnRYpzYGRSsjzu5PwVge4YcgDp4fgAAAA3Bf+fAAB2gS8CgAAoDlD3z4wDYsCAAAAAAFZWg==',
  ],
];

function unpacked(unpack: Unpack, bytes: Uint8Array, size: number): Buffer {
  const output = Buffer.alloc(size);
  unpack(bytes, output);
  return output;
}

plain.each(SAMPLES)('%s', (_name, unpack, content, packed) => {
  const bytes = Buffer.from(packed, 'base64');
  expect(unpacked(unpack, bytes, content.length).equals(content)).toBe(true);
});

plain.each(SAMPLES)('%s: refused without its end, and for another size', (_name, unpack, content, packed) => {
  const bytes = Buffer.from(packed, 'base64');
  for (const [part, size] of [
    [bytes.subarray(0, bytes.length / 2), content.length],
    [bytes, content.length + 1],
    [new Uint8Array(0), 1],
  ] as const)
    expect(() => unpacked(unpack, part, size)).toThrow(DamagedPacking);
});

test.prop(
  [fc.constantFrom(...SAMPLES), fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 6 })],
  {
    numRuns: 3000,
  },
)('damaged bytes: an output or DamagedPacking', ([, unpack, content, packed], changes) => {
  const bytes = Buffer.from(packed, 'base64');
  for (const [at, value] of changes) bytes[at % bytes.length] = value;
  try {
    unpacked(unpack, bytes, content.length);
  } catch (error) {
    if (!(error instanceof DamagedPacking)) throw error;
  }
});

/** What a packer of this machine makes of bytes; undefined where it is not installed. */
function packedBy(command: string, args: readonly string[], input: Buffer): Buffer | undefined {
  try {
    return execFileSync(command, args, { input, maxBuffer: 2 ** 24, stdio: ['pipe', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

const HAS_TOOLS = packedBy('xz', ['-c'], TEXT) !== undefined && packedBy('lz4', ['-l', '-c'], TEXT) !== undefined;

plain.skipIf(!HAS_TOOLS)('512 KiB of a program, packed by the tools that this machine has', () => {
  const code = readFileSync(process.execPath).subarray(0xa00000, 0xa80000);
  for (const [unpack, command, args] of [
    [unpackLz4, 'lz4', ['-l', '-c', '-9']],
    [unpackLzma, 'lzma', ['-c', '-1']],
    [unpackXz, 'xz', ['-c', '-1']],
    [unpackXz, 'xz', ['-c', '--check=none', '--x86', '--lzma2=preset=1']],
  ] as const) {
    const packed = packedBy(command, args, code) as Buffer;
    expect(unpacked(unpack, packed, code.length).equals(code), args.join(' ')).toBe(true);
  }
});
