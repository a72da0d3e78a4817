/** Mangled names as people write them, and by which parts they are meant. */
import { execFileSync } from 'node:child_process';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { demangle, isMeantBy, readable, readablePlace } from './demangle.js';

describe('Rust, RFC 2603', () => {
  // One for each form that its grammar has.
  plain.each([
    ['_RNvCs1234_7mycrate3foo', 'mycrate::foo'],
    ['_RNvNtCs1234_7mycrate3foo3bar', 'mycrate::foo::bar'],
    ['_RNCNvCs1234_7mycrate4main0', 'mycrate::main::{closure#0}'],
    ['_RNCNvCs1234_7mycrate4mains_0', 'mycrate::main::{closure#1}'],
    ['_RNvMCs1234_7mycrateNtB2_3Foo3bar', '<mycrate::Foo>::bar'],
    ['_RNvXCs1234_7mycrateNtB2_3FooNtB2_3Bar3baz', '<mycrate::Foo as mycrate::Bar>::baz'],
    ['_RNvYNtCs1234_7mycrate3FooNtB4_3Bar3baz', '<mycrate::Foo as mycrate::Bar>::baz'],
    ['_RINvCs1234_7mycrate3foolhE', 'mycrate::foo::<i32, u8>'],
    ['_RINvCs1234_7mycrate3fooINtB2_3BarmEKj1f_EB2_', 'mycrate::foo::<mycrate::Bar<u32>, 31>'],
    ['_RINvCs1234_7mycrate3fooReSjQhPtOmE', 'mycrate::foo::<&str, [usize], &mut u8, *const u16, *mut u32>'],
    ['_RINvCs1234_7mycrate3fooTEThETlxEAhj3_zE', 'mycrate::foo::<(), (u8,), (i32, i64), [u8; 3], !>'],
    ['_RINvCs1234_7mycrate3fooFUKChEmE', 'mycrate::foo::<unsafe extern "C" fn(u8) -> u32>'],
    ['_RINvCs1234_7mycrate3fooDNtB2_5Traitp4ItemhEL_E', 'mycrate::foo::<dyn mycrate::Trait<Item = u8>>'],
    ['_RINvCs1234_7mycrate3fooKb1_Kc78_Kan5_KpE', "mycrate::foo::<true, 'x', -5, _>"],
    ['_RNvCs1234_7mycrateu8gdel_5qa', 'mycrate::gödel'],
    ['_RNvCs1234_7mycrate3foo.llvm.9584902', 'mycrate::foo'],
    ['_RNvCs1234_7mycrate3foo.cold', 'mycrate::foo [clone .cold]'],
  ])('%s', (symbol, text) => {
    expect(readable(symbol)).toBe(text);
  });

  plain.each([
    '_R',
    '_RNvC',
    '_RNvCs1234_7mycrate3fo',
    '_R1NvC3foo3bar',
    '_RNvCs1234_7mycrate3fooX',
    '_RNvB_3foo',
    '_RNvB1_3foo',
    '_RNvC4main3foo9',
    '_RINvC1a1bKu_E',
  ])('is none: %s', (symbol) => {
    expect(demangle(symbol)).toBeUndefined();
  });
});

describe('Rust, the form before', () => {
  plain.each([
    ['_ZN7mycrate3foo17h0123456789abcdefE', 'mycrate::foo'],
    ['_ZN7td_shim11asm_td_call17h0123456789abcdefE.llvm.123', 'td_shim::asm_td_call'],
    ['_ZN41_$LT$l..A$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE', '<l::A as core::fmt::Debug>::fmt'],
    ['_ZN4core3ptr27drop_in_place$LT$$RF$u8$GT$17h0123456789abcdefE', 'core::ptr::drop_in_place<&u8>'],
    ['_ZN1a28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE', 'a::{{closure}}'],
    ['_ZN1a8$u202e$b17h0123456789abcdefE', String.raw`a::\u202eb`],
  ])('%s', (symbol, text) => {
    expect(readable(symbol)).toBe(text);
  });
});

describe('C++', () => {
  plain.each([
    ['_Z3foov', 'foo'],
    ['_ZN2td4callEPvi', 'td::call'],
    ['_ZNK2td4Call3runEv', 'td::Call::run'],
    ['_ZN2td4CallC2Ev', 'td::Call::Call'],
    ['_ZN2td4CallD0Ev', 'td::Call::~Call'],
    ['_ZN2tdplERKNS_4CallES2_', 'td::operator+'],
    ['_ZN2td4callIiLi3EEET_S1_', 'td::call<>'],
    ['_ZN2td4ListIiE3addERKi', 'td::List<>::add'],
    ['_ZNSt6vectorIiSaIiEE9push_backERKi', 'std::vector<>::push_back'],
    ['_ZSt4swapIiEvRT_S1_', 'std::swap<>'],
    ['_ZN12_GLOBAL__N_13fooEv', '(anonymous namespace)::foo'],
    ['_ZL3foov', 'foo'],
    ['_ZZN2td4callEvENKUlvE_clEv', 'td::call::{lambda#1}::operator()'],
    ['_ZN2td4nameB5cxx11Ev', 'td::name[abi:cxx11]'],
    ['_ZN2td3runEPFivEM1AFvvE', 'td::run'],
    ['_ZN2td4callEv.constprop.0', 'td::call [clone .constprop.0]'],
  ])('%s', (symbol, text) => {
    expect(readable(symbol)).toBe(text);
  });

  plain.each(['_Z', '_ZN', '_ZN2tdE5', '_ZTV3foo', '_ZNE', '_Z9foo', '_ZN2td4callIX1aEEvv'])(
    'is none: %s',
    (symbol) => {
      expect(demangle(symbol)).toBeUndefined();
    },
  );
});

plain('places keep their offset; other names stay as they are', () => {
  expect(readablePlace('_RNvCs1234_7mycrate3foo+0x1c')).toBe('mycrate::foo+0x1c');
  expect(['__tdcall+0x4', '__tdcall', '.text+0x30+0x4', 'main'].map(readablePlace)).toEqual([
    '__tdcall+0x4',
    '__tdcall',
    '.text+0x30+0x4',
    'main',
  ]);
});

plain('a name is meant by its last parts', () => {
  const isMeant = (symbol: string, wanted: string): boolean => {
    const name = demangle(symbol);
    return name !== undefined && isMeantBy(name, wanted);
  };
  const shim = '_ZN7td_shim11asm_td_call17h0123456789abcdefE';
  expect(['asm_td_call', 'td_shim::asm_td_call'].every((wanted) => isMeant(shim, wanted))).toBe(true);
  expect(
    ['td_call', 'shim::asm_td_call', 'a::td_shim::asm_td_call', 'td_shim', ''].some((wanted) => isMeant(shim, wanted)),
  ).toBe(false);
  const method = '_RNvXCs1234_7mycrateNtB2_3FooNtB2_3Bar3baz';
  expect(
    ['baz', 'Foo::baz', 'Bar::baz', '<mycrate::Foo as mycrate::Bar>::baz'].every((wanted) => isMeant(method, wanted)),
  ).toBe(true);
  expect(isMeant('_ZN2td4ListIiE3addERKi', 'List::add')).toBe(true);
  expect(isMeant('_RNvCs1234_7mycrate3foo.cold', 'foo')).toBe(false);
});

describe('hostile names end soon', () => {
  const deep = (text: string, count: number): string => text.repeat(count);
  plain.each<[string, string]>([
    ['a reference to itself', '_RNvB_1a'],
    [
      'tuples of tuples of references, 2^100 in all',
      `_RINvC1a1b${Array.from({ length: 100 }, (_, index) => `TB${(7 + index * 6).toString(36)}_B7_E`).join('')}E`,
    ],
    ['types of types', `_RNv${deep('YC1aC1b', 500)}`],
    ['nested paths', `_R${deep('Nv', 2000)}C1a`],
    ['pointers', `_Z1f${deep('P', 4000)}i`],
    ['arguments of arguments', `_Z1${deep('fI1', 1300)}`],
    ['lists of lists', `_Z1fI${deep('J', 4000)}`],
    ['a long number', `_Z${deep('9', 4000)}`],
    ['punycode of large steps', `_RNvC1au${4000}${deep('9', 4000)}`],
    ['a name beyond every length', `_Z100000${deep('a', 100_000)}`],
  ])('%s', { timeout: 5000 }, (_what, symbol) => {
    const text = demangle(symbol)?.display;
    expect(text?.length ?? 0).toBeLessThanOrEqual(20_000);
  });

  // Every path is a type as itself, both by reference: 2^depth names, and as many ways to name them.
  plain('doubling', { timeout: 5000 }, () => {
    let name = 'C1a';
    for (let depth = 0; depth < 60; depth++) name = `Y${name}B_`;
    expect(demangle(`_RNv${name}1f`)?.display.length ?? 0).toBeLessThanOrEqual(20_000);
  });

  const alphabet = [...'NvCtMXYIBTRQPODFKELsun_0123456789aZSpG'.split(''), '$LT$', '..', '1a', '17h', 'St', 'B_'];
  const body = fc.array(fc.constantFrom(...alphabet), { maxLength: 80 }).map((parts) => parts.join(''));
  test.prop([fc.constantFrom('_R', '_ZN', '_Z'), body], { numRuns: 20_000 })(
    'any text is read or not',
    (prefix, text) => {
      const name = demangle(prefix + text);
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      expect(name?.display ?? '').not.toMatch(/[\u0000-\u001f\u202e]/);
    },
  );
});

/** Symbols of the C++ library, as c++filt reads them. */
function reference(): [string, string][] {
  try {
    const path = execFileSync('gcc', ['-print-file-name=libstdc++.so.6'], { encoding: 'utf8' }).trim();
    const symbols = execFileSync('nm', ['-D', '--defined-only', path], { encoding: 'utf8', maxBuffer: 1 << 26 })
      .split('\n')
      .map((line) => /^[0-9a-f]+ [tTwW] (_ZN?[^@]*)/.exec(line)?.[1] ?? '')
      .filter((symbol) => symbol !== '');
    const read = execFileSync('c++filt', ['-p'], { input: symbols.join('\n'), encoding: 'utf8', maxBuffer: 1 << 26 });
    const texts = read.trim().split('\n');
    return symbols.map((symbol, index) => [symbol, texts[index]]);
  } catch {
    console.warn('src/text: names of the C++ library are skipped, no gcc, nm, c++filt or libstdc++');
    return [];
  }
}

const names = reference();
plain.skipIf(names.length === 0)(
  'names of the C++ library are those of c++filt, but for arguments',
  { timeout: 60_000 },
  () => {
    const wrong: string[] = [];
    let same = 0;
    for (const [symbol, text] of names) {
      const ours = demangle(symbol)?.display;
      if (ours === undefined) continue;
      // Operators, and names that the library abbreviates, have brackets of their own.
      if (/operator|S[abisod]|Sb/.test(text + symbol)) continue;
      if (ours === withoutArguments(text)) same++;
      else wrong.push(`${symbol}: ${ours}, not ${withoutArguments(text)}`);
    }
    expect(wrong).toEqual([]);
    expect(same).toBeGreaterThan(500);
  },
);

function withoutArguments(text: string): string {
  let made = '';
  let depth = 0;
  for (const character of text) {
    if (character === '<' && depth++ === 0) made += '<>';
    else if (character === '>') depth--;
    else if (depth === 0 && character !== '<') made += character;
  }
  return made;
}
